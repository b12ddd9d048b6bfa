import { createContext, useContext, useEffect, useRef, useState, type ReactNode, type SubmitEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError, fieldErrors } from '#api/errors.ts';
import { ErrorNotice } from './notice.tsx';
import { useErrorMessage } from './use-error-message.ts';

type Errors = Readonly<Record<string, string>>;

const FormErrors = createContext<Errors>({});

/** What is wrong with one item of a list (`models.2`) is wrong with the list's field. */
export function useFieldError(name: string): string | undefined {
  const errors = useContext(FormErrors);
  return errors[name] ?? Object.entries(errors).find(([field]) => field.replace(/\.\d+$/, '') === name)?.[1];
}

export function useHasErrorUnder(prefixes: readonly string[]): boolean {
  const fields = Object.keys(useContext(FormErrors));
  return fields.some((field) => prefixes.some((prefix) => field.startsWith(prefix)));
}

interface FormProps {
  onSubmit: (values: FormData) => void;
  /** The API's refusal: issues go to their fields, anything else is shown above the buttons. */
  error?: unknown;
  /** Fields that a refusal without issues is about, by its code. */
  errorFields?: Readonly<Record<string, string>>;
  className?: string;
  children: ReactNode;
  footer: ReactNode;
}

/** A form that says what is wrong beside the field, in the page's language, and moves the focus there. */
export function Form({ onSubmit, error, errorFields = {}, className, children, footer }: FormProps) {
  const { t } = useTranslation();
  const form = useRef<HTMLFormElement>(null);
  const [localErrors, setLocalErrors] = useState<Errors>({});
  const messageOf = useErrorMessage();
  const namedField = error instanceof ApiError ? errorFields[error.code] : undefined;
  const serverErrors = namedField === undefined ? fieldErrors(error) : { [namedField]: messageOf(error) };
  const errors = { ...serverErrors, ...localErrors };
  const hasFieldError = Object.keys(serverErrors).length > 0;

  useEffect(() => {
    form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }, [error, localErrors]);

  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    // A dialog's form is a React child of the page's form only through a portal: its submit is not the page's.
    event.stopPropagation();
    const found = invalidFields(event.currentTarget, ({ type, validity }) => {
      if (validity.valueMissing) return t('ui.form.required');
      if (type === 'number') return validity.stepMismatch ? t('ui.form.wholeNumber') : t('ui.form.number');
      return validity.typeMismatch ? t('ui.form.email') : t('ui.form.invalid');
    });
    setLocalErrors(found);
    if (Object.keys(found).length === 0) onSubmit(new FormData(event.currentTarget));
  };

  return (
    <form ref={form} noValidate onSubmit={submit} className={className}>
      <FormErrors value={errors}>{children}</FormErrors>
      {error !== null && error !== undefined && !hasFieldError && <ErrorNotice error={error} className="mt-5" />}
      {footer}
    </form>
  );
}

type Control = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

function invalidFields(form: HTMLFormElement, explain: (field: Control) => string): Errors {
  const fields = [...form.elements].filter(
    (element): element is Control =>
      element instanceof HTMLInputElement ||
      element instanceof HTMLSelectElement ||
      element instanceof HTMLTextAreaElement,
  );
  return Object.fromEntries(
    fields.filter((field) => !field.validity.valid).map((field) => [field.name, explain(field)]),
  );
}

/** A text value of a submitted form; absent fields are empty. */
export function textOf(values: FormData, name: string): string {
  const value = values.get(name);
  return typeof value === 'string' ? value.trim() : '';
}

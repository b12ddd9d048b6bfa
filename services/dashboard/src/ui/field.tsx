import { ChevronDown } from 'lucide-react';
import { useId, type ComponentProps, type ReactNode } from 'react';
import { cn } from '#lib/cn.ts';
import { useFieldError } from './form.tsx';

const CONTROL =
  'h-10 w-full min-w-0 rounded-lg border border-line-strong bg-surface px-3 text-text transition-colors placeholder:text-subtle hover:border-muted focus-visible:border-accent focus-visible:outline-2 focus-visible:-outline-offset-1 focus-visible:outline-accent disabled:cursor-not-allowed disabled:bg-sunken disabled:text-muted aria-invalid:border-danger aria-invalid:focus-visible:outline-danger';

interface FieldProps {
  name: string;
  label: ReactNode;
  hint?: ReactNode;
  /** Keeps the label for screen readers only. */
  hideLabel?: boolean;
  className?: string | undefined;
}

interface ControlProps {
  id: string;
  name: string;
  'aria-invalid': boolean | undefined;
  'aria-describedby': string | undefined;
}

export function Field({
  name,
  label,
  hint,
  hideLabel = false,
  className,
  children,
}: FieldProps & { children: (control: ControlProps) => ReactNode }) {
  const id = useId();
  const error = useFieldError(name);
  const hintId = `${id}-hint`;
  const errorId = `${id}-error`;
  const described = [error !== undefined && errorId, hint !== undefined && hintId].filter(Boolean).join(' ');
  return (
    <div className={cn('min-w-0', className)}>
      <label htmlFor={id} className={hideLabel ? 'sr-only' : 'mb-1.5 block font-medium'}>
        {label}
      </label>
      {children({
        id,
        name,
        'aria-invalid': error === undefined ? undefined : true,
        'aria-describedby': described === '' ? undefined : described,
      })}
      {error !== undefined && (
        <p id={errorId} className="mt-1.5 text-[0.8125rem] font-medium text-danger first-letter:uppercase">
          {error}
        </p>
      )}
      {hint !== undefined && (
        <p id={hintId} className="mt-1.5 text-[0.8125rem] text-pretty text-muted">
          {hint}
        </p>
      )}
    </div>
  );
}

type TextFieldProps = FieldProps & Omit<ComponentProps<'input'>, 'name' | 'id'>;

export function TextField({ name, label, hint, hideLabel, className, ...input }: TextFieldProps) {
  return (
    <Field name={name} label={label} hint={hint} hideLabel={hideLabel ?? false} className={className}>
      {(control) => <input type="text" autoComplete="off" className={CONTROL} {...input} {...control} />}
    </Field>
  );
}

export interface Option<Value extends string = string> {
  value: Value;
  label: string;
}

type SelectFieldProps = FieldProps &
  Omit<ComponentProps<'select'>, 'name' | 'id' | 'children'> & { options: readonly Option[] };

/** The browser's own select: the best one on a phone and with a screen reader, and it needs no inline style. */
export function SelectField({ name, label, hint, hideLabel, className, options, ...select }: SelectFieldProps) {
  return (
    <Field name={name} label={label} hint={hint} hideLabel={hideLabel ?? false} className={className}>
      {(control) => (
        <div className="relative">
          <select className={cn(CONTROL, 'appearance-none pr-9')} {...select} {...control}>
            {options.map((option) => (
              <option key={option.value} value={option.value}>
                {option.label}
              </option>
            ))}
          </select>
          <ChevronDown
            aria-hidden
            className="pointer-events-none absolute top-1/2 right-3 size-4 -translate-y-1/2 text-muted"
          />
        </div>
      )}
    </Field>
  );
}

interface CheckboxFieldProps {
  name: string;
  value: string;
  label: ReactNode;
  hint?: ReactNode;
  defaultChecked?: boolean;
}

export function CheckboxField({ label, hint, ...input }: CheckboxFieldProps) {
  return (
    <label className="flex cursor-pointer items-start gap-3 rounded-lg px-2 py-1.5 hover:bg-hover">
      <input type="checkbox" className="mt-0.5 size-4 shrink-0 accent-accent" {...input} />
      <span className="min-w-0">
        <span className="block">{label}</span>
        {hint !== undefined && <span className="block text-[0.8125rem] text-muted">{hint}</span>}
      </span>
    </label>
  );
}

import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';

interface StepOutputProps {
  output: string;
  isRunning: boolean;
  label: string;
}

/** What a step prints: open and following its end while it runs, folded away afterwards. */
export function StepOutput({ output, isRunning, label }: StepOutputProps) {
  const { t } = useTranslation();
  const lines = useRef<HTMLPreElement>(null);

  useEffect(() => {
    if (isRunning && lines.current) lines.current.scrollTop = lines.current.scrollHeight;
  }, [output, isRunning]);

  return (
    <details open={isRunning} className="group mt-2">
      <summary className="w-fit rounded text-[0.8125rem] text-muted hover:text-text">{t('operations.output')}</summary>
      <pre
        ref={lines}
        tabIndex={0}
        role="log"
        aria-live="off"
        aria-label={t('operations.outputOf', { step: label })}
        className="mt-2 max-h-56 overflow-auto rounded-lg bg-console p-3.5 font-mono text-xs leading-relaxed whitespace-pre-wrap text-console-text wrap-anywhere"
      >
        {output}
      </pre>
    </details>
  );
}

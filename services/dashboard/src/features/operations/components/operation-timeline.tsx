import { useEffect, useEffectEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { useFormat } from '#i18n/use-format.ts';
import { useKnownText } from '#i18n/use-known-text.ts';
import { Button } from '#ui/button.tsx';
import { Loaded } from '#ui/loaded.tsx';
import { ErrorNotice, Notice } from '#ui/notice.tsx';
import { Progress } from '#ui/progress.tsx';
import { Timeline } from '#ui/timeline.tsx';
import { useNow } from '#lib/use-now.ts';
import { isFinished, useOperation, useRetryOperation, type Operation, type OperationStep } from '../api/operations.ts';
import { StepOutput } from './step-output.tsx';

interface OperationTimelineProps {
  operationId: string;
  canRetry: boolean;
  /** The subject has changed: time to ask for it again. */
  onFinished: () => void;
}

/** An operation's steps as they happen, what they print, and a way on when it failed. */
export function OperationTimeline({ operationId, canRetry, onFinished }: OperationTimelineProps) {
  const operation = useOperation(operationId);
  const hasFinished = operation.data !== undefined && isFinished(operation.data);
  const announceFinish = useEffectEvent(onFinished);

  useEffect(() => {
    if (hasFinished) announceFinish();
  }, [hasFinished]);

  return <Loaded query={operation}>{(data) => <Steps operation={data} canRetry={canRetry} />}</Loaded>;
}

function Steps({ operation, canRetry }: { operation: Operation; canRetry: boolean }) {
  const { t } = useTranslation();
  const knownText = useKnownText();
  const format = useFormat();
  const now = useNow(operation.state === 'running' || operation.state === 'failing');

  const title = (name: string) => knownText(`operations.steps.${name}`, name.replaceAll(/[_.-]+/g, ' '));
  const duration = ({ startedAt, endedAt }: OperationStep) =>
    startedAt === null
      ? undefined
      : format.seconds(Math.max(0, (endedAt === null ? now : Date.parse(endedAt)) - Date.parse(startedAt)));

  const done = operation.steps.filter((step) => step.state === 'succeeded').length;
  const current = operation.steps.find((step) => step.state === 'running');
  return (
    <div className="space-y-6">
      <p role="status" aria-live="polite" className="sr-only">
        {current
          ? t('operations.announce.step', { step: title(current.name), index: done + 1, count: operation.steps.length })
          : t(`operations.announce.${operation.state}`)}
      </p>
      {operation.state === 'running' && (
        <Progress label={t('operations.progress')} value={overallProgress(operation)} />
      )}
      <Timeline
        label={t('operations.stepsLabel')}
        items={operation.steps.map((step) => ({
          key: step.name,
          title: title(step.name),
          state: step.state,
          stateLabel: t(`operations.stepState.${step.state}`),
          meta: duration(step),
          body: <StepBody step={step} label={title(step.name)} />,
        }))}
      />
      {operation.state === 'failed' && <FailedNotice operation={operation} canRetry={canRetry} />}
    </div>
  );
}

/** Steps count alike; the running one counts by its own progress when it tells one. */
function overallProgress({ steps }: Operation): number {
  const parts = steps.map((step) =>
    step.state === 'succeeded' ? 1 : step.state === 'running' ? (step.progress ?? 0) / 100 : 0,
  );
  return parts.reduce<number>((sum, part) => sum + part, 0) / Math.max(1, steps.length);
}

function StepBody({ step, label }: { step: OperationStep; label: string }) {
  return (
    <>
      {step.error !== null && <p className="mt-1 text-pretty wrap-anywhere text-danger">{step.error}</p>}
      {step.output !== null && step.output !== '' && (
        <StepOutput output={step.output} isRunning={step.state === 'running'} label={label} />
      )}
    </>
  );
}

function FailedNotice({ operation, canRetry }: { operation: Operation; canRetry: boolean }) {
  const { t } = useTranslation();
  const retry = useRetryOperation(operation.id);
  const isShownAbove =
    operation.error === null || operation.steps.some(({ error }) => error === operation.error?.message);
  return (
    <>
      <Notice
        tone="danger"
        title={t('operations.failed.title')}
        {...(canRetry
          ? {
              action: (
                <Button size="sm" variant="secondary" isPending={retry.isPending} onClick={() => retry.mutate()}>
                  {t('operations.failed.retry')}
                </Button>
              ),
            }
          : {})}
      >
        {isShownAbove ? t('operations.failed.description') : operation.error?.message}
      </Notice>
      <ErrorNotice error={retry.error} />
    </>
  );
}

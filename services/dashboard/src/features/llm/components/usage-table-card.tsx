import { Download } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useFormat } from '#i18n/use-format.ts';
import { saveFile } from '#lib/save-file.ts';
import { Button } from '#ui/button.tsx';
import { Card, CardHeader } from '#ui/card.tsx';
import { Loaded } from '#ui/loaded.tsx';
import { Segmented } from '#ui/segmented.tsx';
import { ListSkeleton } from '#ui/skeleton.tsx';
import { Table, type Column } from '#ui/table.tsx';
import { useErrorToast } from '#ui/use-error-toast.ts';
import { GROUPS, useLlmUsage, useUsageFile, type GroupBy, type UsageGroup } from '../api/usage.ts';

const SHOWN = 10;

/** What costs most, by model or key; all of it as a file. Nothing while nothing was used. */
export function UsageTableCard() {
  const { t } = useTranslation();
  const [groupBy, setGroupBy] = useState<GroupBy>('model');
  const usage = useLlmUsage(groupBy);
  if (usage.data?.totals.requests === 0) return null;
  return (
    <Card>
      <CardHeader
        title={t('llm.usage.tableTitle')}
        description={t('llm.usage.tableDescription')}
        actions={<FileButton groupBy={groupBy} />}
      />
      <div className="px-5 pb-4 sm:px-6">
        <Segmented
          legend={t('llm.usage.groupBy')}
          name="usage-group-by"
          value={groupBy}
          options={GROUPS.map((group) => ({ value: group, label: t(`llm.usage.groups.${group}`) }))}
          onChange={setGroupBy}
        />
      </div>
      <Loaded query={usage} skeleton={<ListSkeleton />} errorClassName="m-5">
        {({ groups }) => <Groups groupBy={groupBy} groups={groups} />}
      </Loaded>
    </Card>
  );
}

function FileButton({ groupBy }: { groupBy: GroupBy }) {
  const { t } = useTranslation();
  const file = useUsageFile(groupBy);
  const showError = useErrorToast();
  return (
    <Button
      variant="secondary"
      isPending={file.isPending}
      onClick={() =>
        file.mutate(undefined, {
          onSuccess: (content) => saveFile(`llm-usage-by-${groupBy}.csv`, content),
          onError: showError,
        })
      }
    >
      <Download aria-hidden />
      {t('llm.usage.download')}
    </Button>
  );
}

function Groups({ groupBy, groups }: { groupBy: GroupBy; groups: readonly UsageGroup[] }) {
  const { t } = useTranslation();
  const format = useFormat();
  const figure = (key: string, header: string, cell: (group: UsageGroup) => string): Column<UsageGroup> => ({
    key,
    header,
    align: 'end',
    className: 'tabular-nums whitespace-nowrap',
    cell,
  });
  const hidden = groups.length - SHOWN;
  return (
    <>
      <Table
        caption={t('llm.usage.tableTitle')}
        rows={groups.slice(0, SHOWN)}
        rowKey={(group) => group.value}
        columns={[
          {
            key: 'name',
            header: t(`llm.usage.groups.${groupBy}`),
            cell: (group) => <span className="font-medium wrap-anywhere">{group.name}</span>,
          },
          figure('requests', t('llm.usage.requests'), ({ requests }) => format.number(requests)),
          figure('prompt', t('llm.usage.promptTokens'), ({ promptTokens }) => format.number(promptTokens)),
          figure('completion', t('llm.usage.completionTokens'), ({ completionTokens }) =>
            format.number(completionTokens),
          ),
          figure('cost', t('llm.usage.cost'), ({ costNanoUsd }) => format.nanoUsd(costNanoUsd)),
        ]}
      />
      {hidden > 0 && (
        <p className="border-t border-line px-6 py-3 text-[0.8125rem] text-muted">
          {t('llm.usage.moreInFile', { count: hidden })}
        </p>
      )}
    </>
  );
}

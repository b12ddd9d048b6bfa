import { useTranslation } from 'react-i18next';
import { Button } from './button.tsx';

interface MoreButtonProps {
  query: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => Promise<unknown> };
}

/** The next page of a list, below it; nothing when all is shown. */
export function MoreButton({ query }: MoreButtonProps) {
  const { t } = useTranslation();
  if (!query.hasNextPage) return null;
  return (
    <div className="border-t border-line p-4 text-center">
      <Button variant="secondary" isPending={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
        {t('ui.more')}
      </Button>
    </div>
  );
}

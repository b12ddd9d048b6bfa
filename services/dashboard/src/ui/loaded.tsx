import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { BlockSkeleton } from './skeleton.tsx';
import { ErrorNotice } from './notice.tsx';

interface LoadedProps<T> {
  query: Pick<UseQueryResult<T>, 'data' | 'isError' | 'error'> & { refetch: () => Promise<unknown> };
  skeleton?: ReactNode;
  /** Room around the error, where the content brings its own. */
  errorClassName?: string;
  children: (data: T) => ReactNode;
}

/** Skeleton, error with a retry, or the content: every server list and object passes through here. */
export function Loaded<T>({ query, skeleton = <BlockSkeleton />, errorClassName, children }: LoadedProps<T>) {
  if (query.data !== undefined) return children(query.data);
  if (query.isError) {
    return (
      <ErrorNotice
        error={query.error}
        onRetry={() => void query.refetch()}
        {...(errorClassName === undefined ? {} : { className: errorClassName })}
      />
    );
  }
  return skeleton;
}

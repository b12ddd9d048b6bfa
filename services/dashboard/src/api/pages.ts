import { useInfiniteQuery } from '@tanstack/react-query';

const PAGE_SIZE = 50;

interface Page<Item> {
  items: Item[];
  nextCursor: string | null;
}

interface PagesOptions<Item> {
  key: readonly (string | number | null)[];
  fetchPage: (query: { cursor?: string; limit: number }) => Promise<Page<Item>>;
  staleTime?: number;
  /** Ask again after so many ms, judging by what is loaded; false to wait for a reason. */
  pollMs?: (items: readonly Item[]) => number | false;
}

/** A list of the API, page by page; `data.items` is everything loaded so far. */
export function usePages<Item>({ key, fetchPage, staleTime, pollMs }: PagesOptions<Item>) {
  return useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam }) => fetchPage({ limit: PAGE_SIZE, ...(pageParam === null ? {} : { cursor: pageParam }) }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor,
    select: ({ pages }) => ({ items: pages.flatMap((page) => page.items) }),
    ...(staleTime === undefined ? {} : { staleTime }),
    refetchInterval: ({ state }) => pollMs?.(state.data?.pages.flatMap((page) => page.items) ?? []) ?? false,
  });
}

import { useRef } from 'react';

/**
 * Gives the focus back to what opened a dialog; Radix does so only for a trigger of its own. A menu's item is gone by
 * then: its trigger gets it.
 */
export function useReturnFocus() {
  const opener = useRef<Element | null>(null);
  return {
    onOpenAutoFocus: () => {
      const menu = document.activeElement?.closest('[role=menu]');
      const trigger = document.getElementById(menu?.getAttribute('aria-labelledby') ?? '');
      opener.current = trigger ?? document.activeElement;
    },
    onCloseAutoFocus: (event: Event) => {
      event.preventDefault();
      if (opener.current instanceof HTMLElement) opener.current.focus();
    },
  };
}

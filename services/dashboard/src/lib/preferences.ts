const PREFIX = 'bastide.';

/** A choice kept in this browser; null when none was made or storage is refused. public/theme.js reads two of them. */
export function readPreference(name: string): string | null {
  try {
    return localStorage.getItem(PREFIX + name);
  } catch {
    return null;
  }
}

export function writePreference(name: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(PREFIX + name);
    else localStorage.setItem(PREFIX + name, value);
  } catch {
    // Private mode: the choice lasts as long as the page.
  }
}

/* global document, matchMedia */
// Runs before the first paint, so that nobody sees the other theme flash by. A file of its own because the CSP refuses inline script.
(() => {
  const read = (key) => {
    try {
      return localStorage.getItem(key);
    } catch {
      return null;
    }
  };
  const theme = read('bastide.theme');
  const dark = theme === 'dark' || (theme !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.dataset.theme = dark ? 'dark' : 'light';
  const locale = read('bastide.locale');
  if (locale) document.documentElement.lang = locale;
})();

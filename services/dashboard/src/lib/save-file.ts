/** Hands a file to the browser's downloads. A link would not do: what we ask for needs headers. */
export function saveFile(name: string, content: Blob): void {
  const url = URL.createObjectURL(content);
  const link = Object.assign(document.createElement('a'), { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  // Not at once: the browser reads it after this task.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** A text onto the clipboard. */

/** @throws Error when neither the browser's clipboard nor its older command takes it */
export async function copyText(text: string): Promise<void> {
  // There is no clipboard on a page that came over plain HTTP from elsewhere.
  if (navigator.clipboard !== undefined) return navigator.clipboard.writeText(text);
  const field = document.createElement('textarea');
  field.value = text;
  field.style.position = 'fixed';
  field.style.opacity = '0';
  document.body.append(field);
  const focused = document.activeElement;
  field.select();
  const copied = document.execCommand('copy');
  field.remove();
  if (focused instanceof HTMLElement) focused.focus();
  if (!copied) throw new Error('the browser does not copy');
}

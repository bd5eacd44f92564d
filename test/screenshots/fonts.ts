/** The fonts of the pictures: one family for the words of both design systems on a page, whatever this machine prefers. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';

const PREFERRED = 'Liberation Sans';

/** For programs that are started from now on. Where the family is not installed the machine's own is taken. */
export function useFonts(folder: string): void {
  const file = path.join(folder, 'fonts.conf');
  const families = ['system-ui', 'sans-serif', 'Helvetica', 'Arial'];
  writeFileSync(
    file,
    `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
  <include ignore_missing="yes">/etc/fonts/fonts.conf</include>
${families.map(prefer).join('\n')}
</fontconfig>
`,
  );
  process.env['FONTCONFIG_FILE'] = file;
}

function prefer(family: string): string {
  return `  <match target="pattern">
    <test name="family"><string>${family}</string></test>
    <edit name="family" mode="prepend" binding="strong"><string>${PREFERRED}</string></edit>
  </match>`;
}

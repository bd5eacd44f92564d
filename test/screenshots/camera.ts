/** Takes pictures as a guest sees the pages, of a window of a chosen size, scheme and language. */
import { statSync } from 'node:fs';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { signIn, type Look, type Person } from '../e2e/browser';
import type { Picture } from './pictures';
import type { Scene } from './scene';

/** Of a documentation that is read on the way. */
const MOST_BYTES = 200 * 1024;

export class Camera {
  constructor(
    private readonly browser: Browser,
    private readonly url: string,
    private readonly folder: string,
  ) {}

  /** @throws Error when it is larger than a page should load */
  async take(picture: Picture, scene: Scene): Promise<void> {
    for (const scheme of picture.schemes ?? ['light']) {
      const file = path.join(
        this.folder,
        scheme === 'light' ? `${picture.name}.png` : `${picture.name}-${scheme}.png`,
      );
      const person = await this.signedIn({
        scheme,
        ...(picture.width === undefined ? {} : { width: picture.width }),
      });
      try {
        await this.shoot(person.page, picture, scene, file);
      } finally {
        await person.close();
      }
      const { size } = statSync(file);
      process.stdout.write(`${path.basename(file)} ${Math.ceil(size / 1024)} KiB\n`);
      if (size > MOST_BYTES) throw new Error(`${file} has ${size} bytes, more than ${MOST_BYTES}`);
    }
  }

  private signedIn(look: Look): Promise<Person> {
    return signIn(this.browser, this.url, look);
  }

  private async shoot(page: Page, picture: Picture, scene: Scene, file: string): Promise<void> {
    const { width = 1280, height, language, path: place, see } = picture;
    await page.setViewportSize({ width, height });
    if (language !== undefined)
      await page.evaluate(chosen => {
        const { localStorage } = globalThis as unknown as {
          localStorage: { setItem(key: string, value: string): void };
        };
        localStorage.setItem('language', chosen);
      }, language);
    await page.goto(this.url + place(scene));
    await see(page);
    await page.screenshot({ path: file, animations: 'disabled', caret: 'hide' });
  }
}

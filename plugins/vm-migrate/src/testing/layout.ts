/** Sizes, which jsdom has none of: without them a grid that shows the rows in sight shows none. */

/** For all tests of a file: a window of so many pixels. */
export function giveLayout({ widthPx = 1_200, heightPx = 600 } = {}): void {
  const sizes = {
    offsetWidth: widthPx,
    clientWidth: widthPx,
    offsetHeight: heightPx,
    clientHeight: heightPx,
  };
  const before = Object.keys(sizes).map(
    name => [name, Object.getOwnPropertyDescriptor(HTMLElement.prototype, name)] as const,
  );
  beforeAll(() => {
    for (const [name, px] of Object.entries(sizes))
      Object.defineProperty(HTMLElement.prototype, name, {
        configurable: true,
        get(this: HTMLElement) {
          // A row that is measured is a line high.
          return this.role === 'row' && name.endsWith('Height') ? 40 : px;
        },
      });
    // Where it is scrolled to is where it is.
    Element.prototype.scrollTo ??= () => undefined;
  });
  afterAll(() => {
    for (const [name, descriptor] of before) {
      if (descriptor === undefined) Reflect.deleteProperty(HTMLElement.prototype, name);
      else Object.defineProperty(HTMLElement.prototype, name, descriptor);
    }
  });
}

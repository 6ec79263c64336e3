// Runs in the wallboard's page: how it looks from afar, as it is drawn.
(() => {
  const FIGURE_PX_MIN = 64;
  /** WCAG 2.2, 1.4.6. */
  const CONTRAST_MIN = 7;
  const partsOf = (colour) => (colour.match(/[\d.]+/g) ?? []).map(Number);
  const luminance = ([red, green, blue]) => {
    const [r, g, b] = [red, green, blue]
      .map((part) => part / 255)
      .map((part) => (part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const groundOf = (element) => {
    for (let at = element; at !== null; at = at.parentElement) {
      const parts = partsOf(getComputedStyle(at).backgroundColor);
      if (parts.length === 3 || parts[3] === 1) return parts;
    }
    return [255, 255, 255];
  };
  const contrast = (element) => {
    const [a, b] = [luminance(partsOf(getComputedStyle(element).color)), luminance(groundOf(element))];
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  };
  const nameOf = (element) =>
    `${element.closest('[data-figure]')?.dataset.figure ?? element.className}: ${element.textContent.trim()}`;
  const saysSomething = (element) =>
    [...element.childNodes].some(({ nodeType, textContent }) => nodeType === 3 && textContent.trim() !== '');
  const isOutside = (element) => {
    const range = document.createRange();
    range.selectNodeContents(element);
    const text = range.getBoundingClientRect();
    const line = element.getBoundingClientRect();
    const tile = element.closest('[data-figure]').getBoundingClientRect();
    const beyondTile = text.right > tile.right + 1 || line.bottom > tile.bottom + 1 || line.top < tile.top - 1;
    return beyondTile || tile.bottom > window.innerHeight || tile.right > window.innerWidth;
  };
  globalThis.looksOnWall = () => {
    const wall = document.querySelector('[data-test=wall]');
    const figures = [...wall.querySelectorAll('[data-shown]')];
    const texts = [...wall.querySelectorAll('*')].filter(saysSomething);
    return {
      figures: figures.length,
      small: figures.filter((each) => Number.parseFloat(getComputedStyle(each).fontSize) < FIGURE_PX_MIN).map(nameOf),
      faint: texts
        .filter((each) => contrast(each) < CONTRAST_MIN)
        .map((each) => `${nameOf(each)} ${contrast(each).toFixed(2)}`),
      outside: figures.filter(isOutside).map(nameOf),
    };
  };
})();

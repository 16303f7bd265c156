// What keeps somebody from reading or operating the page as it is now; an empty list when nothing does.
// Contrast: WCAG 2.2 s1.4.3. Targets: s2.5.8. Names and focus are asked of the browser elsewhere.
const faults = [];
const fault = (what, element) => faults.push(`${what}: ${element.outerHTML.slice(0, 140)}`);
const seen = (element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: true });

for (const image of document.querySelectorAll("img")) {
  if (!image.hasAttribute("alt")) fault("no alternative text", image);
  if (seen(image) && image.complete && !image.naturalWidth) fault("a broken picture", image);
}

const colour = (text) => {
  const canvas = (colour.canvas ??= new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true }));
  canvas.clearRect(0, 0, 1, 1);
  canvas.fillStyle = text;
  canvas.fillRect(0, 0, 1, 1);
  const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
  return { r, g, b, a: a / 255 };
};
const over = (top, ground) => {
  const mixed = (name) => top[name] * top.a + ground[name] * (1 - top.a);
  return { r: mixed("r"), g: mixed("g"), b: mixed("b"), a: 1 };
};
const ground = (element) => {
  const layers = [];
  for (let at = element; at; at = at.parentElement) {
    const layer = colour(getComputedStyle(at).backgroundColor);
    if (layer.a > 0) layers.push(layer);
    if (layer.a === 1) break;
  }
  return layers.reduceRight((below, layer) => over(layer, below), { r: 255, g: 255, b: 255, a: 1 });
};
const luminance = ({ r, g, b }) => {
  const [red, green, blue] = [r, g, b].map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
};
const contrast = (one, other) => {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
};

for (const element of document.querySelectorAll("body *:not(script, svg, svg *)")) {
  const says = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
  const box = element.getBoundingClientRect();
  if (!says || !seen(element) || element.closest(":disabled, .hidden-words, noscript") || box.width <= 1) continue;
  const style = getComputedStyle(element);
  const behind = ground(element);
  const ratio = contrast(over(colour(style.color), behind), behind);
  const px = parseFloat(style.fontSize);
  const large = px >= 24 || (px >= 18.66 && style.fontWeight >= 700);
  if (ratio < (large ? 3 : 4.5)) fault(`contrast ${ratio.toFixed(2)}`, element);
  const panel = element.closest("section, article, dialog");
  const { left, right } = panel?.getBoundingClientRect() ?? { left: 0, right: innerWidth };
  // A wide table scrolls in its frame.
  if (!element.closest(".table-frame") && (box.left < left - 1 || box.right > right + 1)) fault("text out of its panel", element);
  if (px < 12) fault(`text of ${px} px`, element);
}

for (const control of document.querySelectorAll("button, a[href], input:not([type=hidden]), select, textarea")) {
  if (!seen(control) || control.matches(".skip")) continue;
  const target = control.closest("label") ?? control;
  const { width, height } = target.getBoundingClientRect();
  const inText = control.matches("p a, li a");
  if (!inText && (width < 24 || height < 24)) fault(`a target of ${width.toFixed(0)} x ${height.toFixed(0)} px`, control);
  if (control.matches("button") && control.scrollWidth > control.clientWidth + 1) fault("text wider than its button", control);
}

if (document.documentElement.scrollWidth > innerWidth) {
  faults.push(`the page is ${document.documentElement.scrollWidth} px wide in a window of ${innerWidth}`);
}
return faults;

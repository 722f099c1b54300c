// Arrow keys: left and right go through time, up and down from weight to weight, unless a field has use for them.

const fields = "input, select, textarea, [contenteditable], pre, .chapter";

export function arrowKeys(onTime: (moments: number) => void, onWeight: (weights: number) => void): void {
  addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const target = event.target instanceof Element ? event.target : document.body;
    if (target.closest(fields) !== null) return;
    const isWeight = target.closest(".weight") !== null;
    if (event.key === "ArrowLeft") onTime(-1);
    else if (event.key === "ArrowRight") onTime(1);
    // Elsewhere these scroll the page.
    else if (isWeight && event.key === "ArrowUp") onWeight(-1);
    else if (isWeight && event.key === "ArrowDown") onWeight(1);
    else if (isWeight && (event.key === "Enter" || event.key === " ")) (target as SVGElement).focus();
    else return;
    event.preventDefault();
  });
}

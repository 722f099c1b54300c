// How reports look: on paper and on screens, in light and dark. Contrasts of text are 4.5 and more, those of lines 3 and more.
export const style = `
:root { color-scheme: light dark; --paper: #fff; --ink: #1c1c1e; --faint: #6b6b70; --rule: #d8d8dc; --one: #1f6fb2; --two: #b5470d; --three: #3d7a2c; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #17181a; --ink: #ececee; --faint: #9a9aa2; --rule: #3a3b40; --one: #6cb2f0; --two: #f2a065; --three: #8fcf7a; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 1180px; margin: 0 auto; padding: 24px 20px 60px; }
h1 { font-size: 26px; margin: 8px 0 4px; }
h2 { font-size: 18px; margin: 36px 0 10px; border-bottom: 1px solid var(--rule); padding-bottom: 4px; }
.summary { max-width: 75ch; margin: 6px 0 0; }
.figures { display: flex; flex-wrap: wrap; gap: 24px 20px; align-items: flex-end; }
figure { margin: 0; max-width: 100%; }
figure svg { display: block; max-width: 100%; height: auto; overflow: visible; font-size: 12px; }
figcaption { color: var(--faint); font-size: 13px; max-width: 60ch; margin-top: 4px; }
.legend { margin: 0 0 4px; font-size: 13px; }
.legend span { margin-right: 14px; }
.legend span::before { content: ""; display: inline-block; width: 22px; margin-right: 6px; vertical-align: middle; border-top: 2px solid var(--one); }
.legend .series1::before { border-top: 2px dashed var(--two); }
.legend .series2::before { border-top: 2px dotted var(--three); }
.wide { overflow-x: auto; margin: 10px 0; }
table { border-collapse: collapse; font-size: 14px; }
caption { text-align: left; color: var(--faint); font-size: 13px; padding-bottom: 4px; }
th, td { text-align: left; padding: 3px 14px 3px 0; border-bottom: 1px solid var(--rule); vertical-align: top; font-weight: normal; }
thead th { color: var(--faint); }
td { overflow-wrap: break-word; max-width: 60ch; }
.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
details summary { cursor: pointer; }
@media print { section { break-inside: avoid; } }
`;

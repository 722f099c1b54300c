// TypeScript as HTML with its parts marked, for short examples.

const parts =
  /(?<comment>\/\/.*)|(?<text>"[^"\n]*")|(?<keyword>\b(?:import|from|const|new|await|for|of)\b)|(?<number>\b\d[\d.]*\b)/g;

export function highlight(code: string): string {
  let [html, at] = ["", 0];
  for (const match of code.matchAll(parts)) {
    const [kind] = Object.entries(match.groups ?? {}).find(([, text]) => text !== undefined) ?? [""];
    html += `${escaped(code.slice(at, match.index))}<span class="code-${kind}">${escaped(match[0])}</span>`;
    at = match.index + match[0].length;
  }
  return html + escaped(code.slice(at));
}

export function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}

// As much of a document as Observable Plot asks for while it draws: elements with attributes and styles, one in the other, and their text as HTML.
// It is a hundredth of the smallest library that has a whole one.
import { escaped } from "./html.ts";

/** An element, or a text without a name. */
class LightNode {
  readonly ownerDocument: LightDocument;
  readonly namespaceURI: string;
  readonly tagName: string;
  /** What d3 puts at an element. */
  __data__: unknown = undefined;
  parentNode: LightNode | null = null;
  childNodes: LightNode[] = [];
  readonly #attributes = new Map<string, string>();
  readonly #styles = new Map<string, string>();
  #text = "";

  constructor(ownerDocument: LightDocument, namespaceURI: string, tagName: string, text = "") {
    this.ownerDocument = ownerDocument;
    this.namespaceURI = namespaceURI;
    this.tagName = tagName;
    this.#text = text;
  }

  readonly style = {
    setProperty: (name: string, value: unknown) => void this.#styles.set(name, String(value)),
    removeProperty: (name: string) => void this.#styles.delete(name),
  };

  setAttribute(name: string, value: unknown): void {
    this.#attributes.set(name, String(value));
  }

  setAttributeNS(_: string | null, name: string, value: unknown): void {
    this.setAttribute(name, value);
  }

  getAttribute(name: string): string | null {
    return this.#attributes.get(name) ?? null;
  }

  removeAttribute(name: string): void {
    this.#attributes.delete(name);
  }

  appendChild(child: LightNode): LightNode {
    return this.insertBefore(child, null);
  }

  insertBefore(child: LightNode, next: LightNode | null): LightNode {
    child.parentNode?.removeChild(child);
    this.childNodes.splice(next === null ? this.childNodes.length : this.childNodes.indexOf(next), 0, child);
    child.parentNode = this;
    return child;
  }

  removeChild(child: LightNode): LightNode {
    this.childNodes = this.childNodes.filter((each) => each !== child);
    child.parentNode = null;
    return child;
  }

  append(...children: readonly (LightNode | string)[]): void {
    for (const child of children)
      this.appendChild(typeof child === "string" ? this.ownerDocument.createTextNode(child) : child);
  }

  set textContent(text: unknown) {
    this.childNodes = [];
    this.append(String(text ?? ""));
  }

  get outerHTML(): string {
    if (this.tagName === "") return escaped(this.#text);
    const style = [...this.#styles].map(([name, value]) => `${name}:${value}`).join(";");
    const attributes = [...this.#attributes, ...(style === "" ? [] : [["style", style]])];
    const head = [this.tagName, ...attributes.map(([name, value]) => `${name}="${escaped(value)}"`)].join(" ");
    return `<${head}>${this.childNodes.map((child) => child.outerHTML).join("")}</${this.tagName}>`;
  }
}

class LightDocument {
  readonly documentElement: LightNode = this.createElement("html");

  createElementNS(namespace: string, name: string): LightNode {
    return new LightNode(this, namespace, name);
  }

  createElement(name: string): LightNode {
    return this.createElementNS("http://www.w3.org/1999/xhtml", name);
  }

  createTextNode(text: string): LightNode {
    return new LightNode(this, "", "", text);
  }
}

/** A document to draw in. */
export function lightDocument(): Document {
  return new LightDocument() as unknown as Document;
}

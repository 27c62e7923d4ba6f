import { printable } from '@palate/core';

/** A text of any origin on one line, without what terminals or editors obey. */
function oneLine(text: string): string {
  return printable(text).replace(/\s+/gu, ' ').trim();
}

/**
 * A text as Markdown shows it literally, within a table cell too: marks of emphasis, code, links, tables, mathematics
 * and HTML are escaped, and it stays on one line.
 */
export function escapeMarkdown(text: string): string {
  return (
    oneLine(text)
      .replace(/[\\`*_[\]|~$]/g, '\\$&')
      // Entities rather than backslashes: not every renderer takes a backslash for text in front of a tag.
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
  );
}

const LATEX: Readonly<Record<string, string>> = {
  '\\': '\\textbackslash{}',
  '~': '\\textasciitilde{}',
  '^': '\\textasciicircum{}',
  '<': '$<$',
  '>': '$>$',
  '±': '$\\pm$',
  '|': '\\textbar{}',
  '"': '\\textquotedbl{}',
};

/** A text as LaTeX sets it literally, on one line. */
export function escapeLatex(text: string): string {
  return oneLine(text).replace(/[\\~^<>±|"&%$#_{}]/g, (character) => LATEX[character] ?? `\\${character}`);
}

/** A text as a LaTeX comment: on one line, so that nothing of it is set. */
export function latexComment(text: string): string {
  return oneLine(text);
}

/** A text as HTML shows it literally, in elements and in attributes. */
export function escapeHtml(text: string): string {
  return oneLine(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

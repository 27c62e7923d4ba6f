// Anchors as the repository's host makes them, so that a link to a part of a page holds there and on the site.

export const slugify = (text) =>
  text
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M}_\- ]/gu, '')
    .replaceAll(' ', '-');

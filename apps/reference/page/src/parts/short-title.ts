/** A title cut to a number of characters, with an ellipsis where something is lost. */
export function shortTitle(title: string, most: number): string {
  const characters = [...title];
  return characters.length <= most
    ? title
    : `${characters
        .slice(0, most - 1)
        .join('')
        .trimEnd()}…`;
}

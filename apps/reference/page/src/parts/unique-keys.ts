/** Names as keys of a list, those that come again with a number behind: tables may name two columns alike. */
export function uniqueKeys(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    let key = name;
    for (let count = 2; taken.has(key); count++) key = `${name} (${count})`;
    taken.add(key);
    return key;
  });
}

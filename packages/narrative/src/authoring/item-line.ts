/** The line of one item as the prompt has it, by which its tokens are counted. */
export const itemLine = ({
  title,
  sentence,
}: {
  readonly title: string;
  readonly sentence: string;
}): string => (sentence === '' ? title : `${title}. ${sentence}`);

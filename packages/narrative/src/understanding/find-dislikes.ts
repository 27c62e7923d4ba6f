import type { Stretch } from './understood-request.js';

/**
 * Words that rule out what follows them where they begin a clause or follow what is asked for: "no gore", "a film without
 * ghosts". Elsewhere they tell of the story: "a man without luggage".
 */
const RULING = [
  'no more',
  'no(?! (?:matter|idea|one|problem|doubt|need|wonder|way|clue|preference|limits?|rush|pressure|worries|judge?ment|reason|luck|such|big deal|offense|longer|less|fewer|later|earlier|older|newer|thanks|strings?|pity|shame|guarantee|in between)\\b)',
  'without(?: any)?(?! (?:a )?doubt| question)',
  'nothing(?: with| about| like| set in| involving| featuring)?(?! (?:wrong|special|else|beats|comes|is|was|in particular|against|left|happens|safe)\\b)',
  'none of (?:that|the|those)',
  'anything but',
  'except(?: for)?',
  'excluding',
  'apart from',
  'free of',
  'avoid(?:ing)?',
  'leave out',
  'spare me',
  "(?:(?:that|which) )?(?:isn['’]?t|is not|aren['’]?t|are not) (?:about|set in|another)",
  "(?:that|which) (?:doesn['’]?t|does not|don['’]?t|do not) (?:have|involve|contain|feature|end)",
].join('|');

/** Words by which somebody speaks of their own taste; of others they tell of the story: "a man who hates his city". */
const TASTE = [
  '(?:had |seen )?enough (?:of|with)',
  '(?:sick|tired|bored) (?:of|by|with)',
  'fed up with',
  '(?:hate|loathe|detest|dislike)s?',
  'not (?:a (?:big |huge )?fan of|into|in the mood for|keen on|interested in|fond of|another|looking for|here for)',
  "(?:do not|does not|don['’]?t|doesn['’]?t|didn['’]?t|did not|can['’]?t|can ?not|won['’]?t|never) (?:really |much |particularly |ever )?(?:like|liked|want|wanted|enjoy|enjoyed|care for|stand|bear|do|watch|handle|stomach)",
].join('|');

/** Words that rule something out only at the head of a clause, of a short phrase. */
const HEAD =
  '(?:not|never)(?! (?:only|sure|just|even|necessarily|really|that|much|more|bad|all|always|mind|minding|without|knowing|because|to|for|as|if|exactly|quite|afraid|seen|been|my|one|see|who|what|when|how)\\b)';
const DEGREE =
  "(?:(?:that |which )?(?:isn['’]?t|aren['’]?t|(?:is|are) not)|not|never|nothing) (?:too|so|overly|very|particularly|excessively)";

const CLAUSE =
  /(?:^|[,;.:!?()\n]|[-–—]\s|\b(?:but|and|or|please|just|preferably|ideally|definitely|absolutely|also|so))\s*$/i;
/** Words for things that are asked for, and words by which one asks. */
const ASKED =
  /\b(?:(?:films?|movies?|flicks?|books?|novels?|shows?|series|albums?|games?|places?|spots?|restaurants?|bars?|stuff|things?|ones?|stor(?:y|ies)|comed(?:y|ies)|dramas?|thrillers?|horror|romances?|myster(?:y|ies)|adventures?|westerns?|fun|something|anything|everything)(?: with| that has| that have| told)?|(?:i|we)(?:['’]d)?(?: would)? (?:want|prefer|like|need)|should be|should have|me)\s+$/i;
const PERSON =
  /(?:^|[\s,;.(])(?:(?:i|we|kids|(?:my|our) \p{L}+)(?:['’](?:m|re|ve|d|s)| am| are| have| is| has)?|[A-Z]\p{L}+ (?:and|&) i)\s+(?:(?:really|just|absolutely|also|so|a bit|very|do|both|all|kinda|simply)\s+)*$/iu;

/**
 * Places where a phrase ends: punctuation, and words that begin something else. A comma within "sex, violence or torture" does
 * not end it.
 */
const END =
  /[.;:!?()\n]|,(?!\s*(?:or|nor|no)\b|(?:\s*[\p{L}-]+,)*\s*[\p{L}-]+,?\s+n?or\s+[\p{L}-]+\s*(?:[.;!?,]|$))|\s-\s|—|\b(?:but|please|thanks?|because|since|so|that|which|who|where|when|while|for|if|as|just|though|although|at all|whatsoever|pls|in (?:it|them|there)|either|anymore|any more|instead|like in|preferably|ideally|maybe|unless|except|give|i|we|he|she|they|you|it|is|are|was|were|has|have)\b|\band (?=(?:a|an|the|some|lots|plenty|with|more|maybe|preferably|i|we|it)\b)/iu;

/** Closing words that say nothing more. */
const TAIL =
  /^\s+(?:in (?:it|them|there)|at all|whatsoever|please|pls|anymore|any more|either|thanks?|for me)\b/i;
const SEPARATORS = /\s*(?:,?\s*\b(?:or|nor|and)\b\s*(?:no\s+)?|,\s*(?:no\s+)?|\/)\s*/i;

/** Words without a meaning of their own before what is meant. */
const FILLERS =
  /^(?:(?:(?:isn['’]?t|aren['’]?t|(?:is|are) not|not|no|nothing|without)(?: about)?|too|any|much|many|anything|more|overly|so|very|really|another|a|an|the|those|these|that|all|bloody|of|kind of|sort of|your|usual|typical|standard|yet|extra|excessive|lots? of|loads of|tons of|with|about|featuring|involving|from|by|to see|to watch|watching|reading|seeing)\s+)+/i;
/** Nouns of every domain: "superhero films" is about superheroes. */
const NOUNS =
  /\s+(?:films?|movies?|flicks?|books?|novels?|shows?|series|albums?|songs?|games?|places?|spots?|restaurants?|bars?|stuff|things?|ones?|stor(?:y|ies)|plots?|scenes?|elements?|content|themes?|kinds?|types?|genre|recommendations?|crap|nonsense)$/i;
/** A bare noun of this kind before "with" or "about" only carries what follows. */
const CARRIER =
  /^(?:films?|movies?|flicks?|books?|novels?|shows?|series|albums?|games?|places?|stuff|things?|ones?|stor(?:y|ies)|scenes?)\s+(?:with|about|of|by|from|featuring|involving|set in|starring)\s+/i;
/** Pronouns, infinitives and the like: what follows is no description. */
const NO_PHRASE =
  /^(?:it|this|that|them|him|her|me|us|to|what|how|when|why|if|anyone|everyone|someone|everything|anything|much|more|being|having|\d+)\b/i;
/** Ends of what is not ruled out but may be lacking: "no jokes required"; and of whose it is, which tells of the story. */
const NOT_MEANT = /\b(?:required|needed|necessary|guaranteed?)$|^(?:his|her|their|its|each other)\b/i;
/** Degrees of what every answer has some of. */
const VAGUE: ReadonlySet<string> = new Set(
  'long short old new recent expensive pricey cheap big small slow fast heavy light obscure mainstream popular famous far complicated weird'.split(
    ' ',
  ),
);

const MOST_WORDS = 5;

/** Phrases that are ruled out, phrases that say no degree, and where they stand. */
export interface FoundDislikes {
  readonly dislikes: string[];
  readonly vague: string[];
  readonly stretches: Stretch[];
}

/** Finds what a request rules out: "no gore", "not another superhero film", "without ghosts or demons". */
export function findDislikes(text: string, taken: readonly Stretch[]): FoundDislikes {
  const found: FoundDislikes = { dislikes: [], vague: [], stretches: [] };
  const pattern = new RegExp(
    `(?<degree>\\b${DEGREE})\\s+|(?<![\\p{L}'’-])(?:(?<ruling>${RULING})|(?<taste>${TASTE})|(?<head>${HEAD}))\\s+`,
    'giu',
  );
  for (const match of text.matchAll(pattern)) {
    const { degree, head, ruling, taste } = match.groups ?? {};
    const start = match.index;
    const after = start + match[0].length;
    const before = text.slice(0, start);
    const begins = CLAUSE.test(before);
    if (head !== undefined && !begins) continue;
    if (ruling !== undefined && !begins && !ASKED.test(before)) continue;
    if (taste !== undefined && !begins && !PERSON.test(before)) continue;
    if ([...taken, ...found.stretches].some(({ from, to }) => start < to && after > from)) continue;
    // "Not without humour", "I don't hate musicals", "don't mind no ...": two negations rule nothing out.
    if (/\b(?:not|never|n['’]?t)\s+(?:\w+\s+)?$/i.test(before) && !degree) continue;
    const rest = text.slice(after);
    const bound = taken
      .filter(({ from }) => from >= after)
      .reduce((least, { from }) => Math.min(least, from - after), rest.length);
    const end = Math.min(END.exec(rest)?.index ?? rest.length, bound);
    const phrase = rest.slice(0, end).trimEnd();
    const parts = phrase
      .split(SEPARATORS)
      .map(bare)
      .filter((part) => part !== '');
    const most = head !== undefined ? 3 : MOST_WORDS;
    if (
      NOT_MEANT.test(phrase) ||
      parts.length === 0 ||
      parts.some((part) => NO_PHRASE.test(part) || part.split(' ').length > most)
    )
      continue;
    for (const part of parts)
      if (VAGUE.has(part)) found.vague.push(`${match[0].trim()} ${part}`.replace(/\s+/g, ' ').toLowerCase());
      else found.dislikes.push(part);
    const from = subject(text, start);
    found.stretches.push({
      from,
      to: after + phrase.length + (TAIL.exec(rest.slice(phrase.length))?.[0].length ?? 0),
    });
  }
  return found;
}

/** Where a clause begins whose verb rules something out: "I don't like" takes its subject along. */
function subject(text: string, start: number): number {
  const before =
    /(?:^|(?<=[\s,;.]))(?:i(?:['’]m| am|['’]ve| have)?|we(?:['’]re| are)?|(?:my|our) \p{L}+|the kids|she|he|they|that(?:['’]s| is| are)|which (?:is|are)|and|but)\s+(?:(?:really|just|absolutely|also|am|so|have|get|a bit|very)\s+)*$/iu.exec(
      text.slice(0, start),
    );
  return before ? before.index : start;
}

/** A phrase without words that mean nothing beside it, in lower case. */
function bare(phrase: string): string {
  const plain = phrase
    .trim()
    .toLowerCase()
    .replace(/["“”]/g, '')
    .replace(FILLERS, '')
    .replace(CARRIER, '')
    .replace(FILLERS, '');
  return plain.replace(NOUNS, '').replace(/\s+/g, ' ').trim();
}

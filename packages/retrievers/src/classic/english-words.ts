import { wordsOf } from '@palate/core';
import { stemmer } from 'stemmer';

/** Words of English that say how others belong together, and nothing of what a text is about. */
const FUNCTION_WORDS = new Set(
  `a an the this that these those i me my mine myself we us our ours ourselves you your yours yourself he him his himself
  she her hers herself it its itself they them their theirs themselves who whom whose which what when where why how there
  here be am is are was were been being have has had having do does did doing done can could will would shall should may
  might must get gets got make makes made come comes came go goes went take takes took want wants wanted way like likes
  not no nor and or but if then than so because as while until though although since
  to in on at of by for with without from into onto about above below over under between among through during before after
  against up down off out again once just very too also only own same such both each few more most other others another
  some any all every either neither much many now still even ever never yet one
  s t d m re ve ll don didn doesn isn aren wasn weren haven hasn hadn couldn wouldn shouldn won`.split(/\s+/),
);

/** The words of an English text cut to their stems (Porter 1980), without function words. */
export const englishWords = (text: string): string[] =>
  wordsOf(text).flatMap((word) => (FUNCTION_WORDS.has(word) ? [] : [stemmer(word)]));

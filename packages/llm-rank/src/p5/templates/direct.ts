import { familyOf, type P5Template, templatesOf } from './template.js';

/** Questions of the direct family: yes or no for one item, and one of a list without a history. */
export const DIRECT_TEMPLATES: readonly P5Template[] = familyOf(
  templatesOf('direct-yes-no', 'answer', {
    '5-1': 'Shall we recommend {item} to {user} ? Answer yes or no .',
    '5-2': 'Is " {title} " right for {user} ? Answer yes or no .',
    '5-3': 'Will {user} choose {item} , called " {title} " ? Answer yes or no .',
    '5-4': '{user} comes across {item} . Would that be wanted ? Answer yes or no .',
  }),
  templatesOf('direct-choose', 'item', {
    '5-5': 'Choose an item for {user} from {candidates} .',
    '5-6': 'Which of these should {user} see first ? {candidates}',
    '5-7': 'Of the candidates {candidates} one is best for {user} . Name it .',
    '5-8': 'Recommend to {user} a single item out of {candidates} .',
  }),
);

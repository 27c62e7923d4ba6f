import { type P5Template, templatesOf } from './template.js';

const wants = templatesOf('direct-yes-no', 'answer');
const choose = templatesOf('direct-choose', 'item');

/** Questions of the direct family: yes or no for one item, and one of a list without a history. The last one is held out. */
export const DIRECT_TEMPLATES: readonly P5Template[] = [
  wants('5-1', 'Shall we recommend {item} to {user} ? Answer yes or no .'),
  wants('5-2', 'Is " {title} " right for {user} ? Answer yes or no .'),
  wants('5-3', 'Will {user} choose {item} , called " {title} " ? Answer yes or no .'),
  wants('5-4', '{user} comes across {item} . Would that be wanted ? Answer yes or no .'),
  choose('5-5', 'Choose an item for {user} from {candidates} .'),
  choose('5-6', 'Which of these should {user} see first ? {candidates}'),
  choose('5-7', 'Of the candidates {candidates} one is best for {user} . Name it .'),
  { ...choose('5-8', 'Recommend to {user} a single item out of {candidates} .'), isHeldOut: true },
];

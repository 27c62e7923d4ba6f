import { type P5Template, templatesOf } from './template.js';

const explain = templatesOf('explanation', 'explanation');

/** Questions of the explanation family: from the pair alone, with the rating, and with a word to speak of. The last one is held out. */
export const EXPLANATION_TEMPLATES: readonly P5Template[] = [
  explain('3-1', 'Explain to {user} why {item} is shown .'),
  explain('3-2', 'Why is " {title} " something for {user} ?'),
  explain('3-3', 'Write one sentence for {user} about {item} , called " {title} " .'),
  explain('3-4', '{user} gave {stars} stars to {item} . What is the reason ?'),
  explain('3-5', 'Give a reason for the rating {stars} of " {title} " by {user} .'),
  explain('3-6', '{user} rated {item} " {title} " with {stars} . Explain it .'),
  explain('3-7', 'Explain {item} to {user} and speak of {feature} .'),
  explain('3-8', 'What does {user} say on the {feature} of " {title} " ?'),
  explain('3-9', 'With the word {feature} , write for {user} a sentence about {item} .'),
  explain('3-10', 'A rating of {stars} by {user} for {item} has to do with {feature} . Tell how .'),
  explain('3-11', 'Use {feature} to say why {user} gives " {title} " {stars} stars .'),
  {
    ...explain('3-12', 'Compose an explanation of {item} " {title} " for {user} around {feature} .'),
    isHeldOut: true,
  },
];

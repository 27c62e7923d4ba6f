import { familyOf, type P5Template, templatesOf } from './template.js';

/** Questions of the explanation family: from the pair alone, with the rating, and with a word to speak of. */
export const EXPLANATION_TEMPLATES: readonly P5Template[] = familyOf(
  templatesOf('explanation', 'explanation', {
    '3-1': 'Explain to {user} why {item} is shown .',
    '3-2': 'Why is " {title} " something for {user} ?',
    '3-3': 'Write one sentence for {user} about {item} , called " {title} " .',
    '3-4': '{user} gave {stars} stars to {item} . What is the reason ?',
    '3-5': 'Give a reason for the rating {stars} of " {title} " by {user} .',
    '3-6': '{user} rated {item} " {title} " with {stars} . Explain it .',
    '3-7': 'Explain {item} to {user} and speak of {feature} .',
    '3-8': 'What does {user} say on the {feature} of " {title} " ?',
    '3-9': 'With the word {feature} , write for {user} a sentence about {item} .',
    '3-10': 'A rating of {stars} by {user} for {item} has to do with {feature} . Tell how .',
    '3-11': 'Use {feature} to say why {user} gives " {title} " {stars} stars .',
    '3-12': 'Compose an explanation of {item} " {title} " for {user} around {feature} .',
  }),
);

import { familyOf, type P5Template, templatesOf } from './template.js';

/** Questions of the sequential family: name the next item, choose it among candidates, yes or no. */
export const SEQUENTIAL_TEMPLATES: readonly P5Template[] = familyOf(
  templatesOf('next', 'item', {
    '2-1': '{user} has had {history} in this order . Which item comes next ?',
    '2-2': 'After {history} somebody takes what ?',
    '2-3': 'The history of {user} reads {history} . Continue it by one item .',
    '2-4': 'So far : {history} . Name the item that {user} picks now .',
    '2-5': 'Somebody went from item to item : {history} . Predict the following one .',
    '2-6': 'Given that {user} chose {history} , recommend what to choose next .',
    '2-13': 'Here are the past choices of {user} : {history} . What will be added ?',
  }),
  templatesOf('choose-next', 'item', {
    '2-7': '{user} has had {history} . Which of {candidates} comes next ?',
    '2-8': 'Choose the next item after {history} from this list : {candidates} .',
    '2-9': 'Candidates : {candidates} . History of {user} : {history} . Pick one candidate .',
    '2-10': 'One of {candidates} follows for {user} upon {history} . Say which .',
  }),
  templatesOf('is-next', 'answer', {
    '2-11': '{user} has had {history} . Is {next} the one after it ? Answer yes or no .',
    '2-12': 'History : {history} . Would {next} go on with it ? Answer yes or no .',
  }),
);

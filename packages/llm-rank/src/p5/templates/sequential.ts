import { type P5Template, templatesOf } from './template.js';

const next = templatesOf('next', 'item');
const choose = templatesOf('choose-next', 'item');
const follows = templatesOf('is-next', 'answer');

/** Questions of the sequential family: name the next item, choose it among candidates, yes or no. The last one is held out. */
export const SEQUENTIAL_TEMPLATES: readonly P5Template[] = [
  next('2-1', '{user} has had {history} in this order . Which item comes next ?'),
  next('2-2', 'After {history} somebody takes what ?'),
  next('2-3', 'The history of {user} reads {history} . Continue it by one item .'),
  next('2-4', 'So far : {history} . Name the item that {user} picks now .'),
  next('2-5', 'Somebody went from item to item : {history} . Predict the following one .'),
  next('2-6', 'Given that {user} chose {history} , recommend what to choose next .'),
  choose('2-7', '{user} has had {history} . Which of {candidates} comes next ?'),
  choose('2-8', 'Choose the next item after {history} from this list : {candidates} .'),
  choose('2-9', 'Candidates : {candidates} . History of {user} : {history} . Pick one candidate .'),
  choose('2-10', 'One of {candidates} follows for {user} upon {history} . Say which .'),
  follows('2-11', '{user} has had {history} . Is {next} the one after it ? Answer yes or no .'),
  follows('2-12', 'History : {history} . Would {next} go on with it ? Answer yes or no .'),
  {
    ...next('2-13', 'Here are the past choices of {user} : {history} . What will be added ?'),
    isHeldOut: true,
  },
];

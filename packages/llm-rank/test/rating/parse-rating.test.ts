import { RandomStream } from '@palate/core';
import { describe, expect, it, test } from 'vitest';
import { parseRating, readRating } from '../../src/rating/parse-rating.js';

const five = { min: 1, max: 5 };
const halves = { min: 0.5, max: 5 };
const ten = { min: 0, max: 10 };

test.each<[string, number]>([
  ['4', 4],
  [' 4.\n', 4],
  ['**4**', 4],
  ['"4"', 4],
  ['4 stars', 4],
  ['four', 4],
  ['Four stars.', 4],
  ['I would give it four stars', 4],
  ['I would give it four and a half stars.', 4.5],
  ['3½', 3.5],
  ['★★★★☆', 4],
  ['★★★★', 4],
  ['Rating: 3.5', 3.5],
  ['Rating: 3,5', 3.5],
  ['**Rating:** 4/5', 4],
  ['My predicted rating is 4.', 4],
  ['3,5 out of 5', 3.5],
  ['I would say 2/5.', 2],
  ['4.5 stars out of 5', 4.5],
  ['four out of five', 4],
  ['On a scale of 1 to 5, I would say 4', 4],
  ['On a scale from 1-5, I predict a 4.', 4],
  ['Out of 5, I predict 4', 4],
  ['Using the five-point scale: 4', 4],
  ['12 Monkeys: 4', 4],
  ['12 Monkeys (1995): 4', 4],
  ['I predict 4 because they rated Heat 5 and Alien 3.', 4],
  ['They rated Heat 5 stars. Rating: 4', 4],
  ['Based on the ratings 5, 4, 3, I would say 4', 4],
  ['This one deserves praise: I would give it a 4.', 4],
  ['I would rate Toy Story 3 a 4.', 4],
  ['4\n\nThe person liked Heat (5) and Alien (3).', 4],
  ['The person liked Heat and 12 Monkeys.\n\n4', 4],
  ['4 - a fine heist film', 4],
  ['4, because it is a heist film', 4],
  ['Probably a 4', 4],
  ['<think>5? 3?</think>4', 4],
  ['They gave Heat 5, so 5?</think>\n\n4', 4],
  ['{"rating": 4}', 4],
  ['```json\n{"rating": "4"}\n```', 4],
  ['{"reason": "likes 12 Monkeys", "rating": 4}', 4],
  ['I think 4/10 is too low; rating: 4', 4],
  ['Rating: 3. On second thought, final rating: 4', 4],
  // What others gave, what is usual and how certain it is are no ratings.
  ['The user has rated 3 films with 5 stars, so I predict 4.', 4],
  ['The average rating is 3.8. I predict 4.', 4],
  ['Their mean rating: 3.2\nPredicted rating: 4', 4],
  ['Rated 3 stars by most users, but this user would give 4 stars.', 4],
  ['1 star = bad, 5 stars = great. I predict 4.', 4],
  ['IMDb 8.5, Rotten Tomatoes 94%. Prediction: 4', 4],
  ['Confidence: 3. Rating: 4', 4],
  ['4 – because 5 would be too much', 4],
  ['The rating for "Apollo 13" is 4.', 4],
  // Objects within objects, and what stands beside the rating.
  ['{"rating": {"value": 4, "max": 5}}', 4],
  ['{"score": 4, "max_score": 5}', 4],
  ['{"predicted_rating": 4, "average_rating": 3}', 4],
  ['<tool_call>{"name": "rate", "arguments": {"user": 3, "rating": 4}}</tool_call>', 4],
  ['| Film | Rating |\n|---|---|\n| Heat (1995) | 4 |', 4],
  ['The final answer is $\\boxed{4}$.', 4],
  ['$4$', 4],
  // A model without a stop word goes on with the next turn.
  ['4\nUser: And Se7en?\nAssistant: 2', 4],
  // Other scripts and languages.
  ['٤', 4],
  ['４', 4],
  ['評価：４', 4],
  ['评分：4分', 4],
  ['我会给4分', 4],
  ['四星', 4],
  ['vier', 4],
  ['4 sur 5', 4],
])('%j is a %f of five', (answer, rating) => {
  expect(parseRating(answer, five)).toBe(rating);
});

test('half stars and scales from zero have their own ends', () => {
  expect(parseRating('.5', halves)).toBe(0.5);
  expect(parseRating('0.5', halves)).toBe(0.5);
  expect(parseRating('.5', five)).toBeUndefined();
  expect(parseRating('8/10', ten)).toBe(8);
  expect(parseRating('Out of 10, I predict 7', ten)).toBe(7);
  expect(parseRating('zero', ten)).toBe(0);
  expect(parseRating('10', ten)).toBe(10);
});

test.each<[string, string]>([
  ['', 'empty answer'],
  ['<think>They would give it a 4', 'reasoning alone'],
  ["I'm sorry, I cannot predict that.", 'refused'],
  ['{"error": {"message": "overloaded", "code": 5}}', 'server error as answer'],
  ['no idea', 'no rating in the answer'],
  ['12 Monkeys', 'no rating in the answer'],
  ['Toy Story 3', 'no rating in the answer'],
  ['3 Idiots is a comedy.', 'no rating in the answer'],
  ['I would rate this one highly.', 'no rating in the answer'],
  ['I would not give it a 4.', 'no rating in the answer'],
  ['80%', 'no rating in the answer'],
  ['4/10', 'rating on another scale'],
  ['I would give it 8 out of 10.', 'rating on another scale'],
  ['4-5', 'several ratings in the answer'],
  // The number of a sequel and a rating, or a range.
  ['Toy Story 3 - 4', 'several ratings in the answer'],
  ['3 or 4', 'several ratings in the answer'],
  ['between 3 and 4', 'several ratings in the answer'],
  ['Rating: 3\nRating: 5', 'several ratings in the answer'],
  ['9', 'rating outside of the scale'],
  ['-3', 'rating outside of the scale'],
  ['Rating: 9', 'rating outside of the scale'],
  ['On a scale of 1 to 10, I would say 4', 'rating on another scale'],
  ['On a ten-point scale: 4', 'rating on another scale'],
  ['Rating: 4 → 3', 'several ratings in the answer'],
  ['Rating: 4, no wait, 3', 'several ratings in the answer'],
  ['Others gave 5/5, so I predict 4.', 'several ratings in the answer'],
  ['| Film | Rating |\n|---|---|\n| Heat | 4 |\n| Alien | 3 |', 'several ratings in the answer'],
  ['average rating of 3.8', 'no rating in the answer'],
  ['Confidence: 3', 'no rating in the answer'],
  ['{"confidence": 3}', 'no rating in the answer'],
  ['{"reason": "loved 4 of them"}', 'no rating in the answer'],
  ['I would say 2 films match.', 'no rating in the answer'],
  ['1. 4', 'no rating in the answer'],
  ['seven', 'rating outside of the scale'],
])('%j is none: %s', (answer, fault) => {
  expect(readRating(answer, five)).toEqual({ ok: false, fault });
});

test('a number that the length limit ended may lack digits', () => {
  expect(readRating('I would say 4', five, true)).toMatchObject({ fault: 'cut at the length limit' });
  expect(readRating('4', five, true)).toMatchObject({ fault: 'cut at the length limit' });
  expect(readRating('4\n\nThe person li', five, true)).toEqual({ ok: true, value: 4 });
});

describe('of any number in any of these words', () => {
  it('the number is read, whatever else is said', () => {
    const random = new RandomStream(5);
    const words: readonly ((n: string) => string)[] = [
      (n) => n,
      (n) => `Rating: ${n}`,
      (n) => `On a scale of 1 to 5, I would give it ${n}.`,
      (n) => `${n}/5`,
      (n) => `${n} out of 5 stars`,
      (n) => `28 Days Later (2002): ${n}`,
      (n) => `<reasoning>2? 3?</reasoning>I predict ${n}`,
      (n) => `{"rating": ${n}}`,
    ];
    for (let k = 0; k < 200; k++) {
      const value = 1 + random.integer(9) / 2;
      for (const say of words) expect(parseRating(say(String(value)), five), say(String(value))).toBe(value);
    }
  });
});

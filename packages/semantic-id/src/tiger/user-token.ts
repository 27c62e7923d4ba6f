import { createHash } from 'node:crypto';

/** The token that a user is hashed onto, of `tokens`. */
export function userToken(user: string, tokens: number): number {
  return createHash('sha256').update(user).digest().readUInt32LE(0) % tokens;
}

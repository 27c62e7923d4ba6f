"""Independent Python rendering of the published algorithms behind RandomStream: SplitMix32 seeding and
xoshiro128** 1.1 (https://prng.di.unimi.it/xoshiro128starstar.c). Prints the values that random.test.ts holds."""
M = 0xFFFFFFFF
rotl = lambda x, k: ((x << k) | (x >> (32 - k))) & M

def stream(seed):
    mixed = (seed & M) ^ ((seed >> 32) * 0x9E3779B9 & M)
    s = []
    for _ in range(4):
        mixed = (mixed + 0x9E3779B9) & M
        z = mixed
        z = (z ^ (z >> 16)) * 0x21F0AAAD & M
        z = (z ^ (z >> 15)) * 0x735A2D97 & M
        s.append(z ^ (z >> 15))
    while True:
        yield rotl(s[1] * 5 & M, 7) * 9 & M
        t = (s[1] << 9) & M
        s[2] ^= s[0]; s[3] ^= s[1]; s[1] ^= s[2]; s[0] ^= s[3]; s[2] ^= t; s[3] = rotl(s[3], 11)

for seed in (0, 42, 2**40 + 7):
    g = stream(seed)
    print(seed, [next(g) for _ in range(4)])

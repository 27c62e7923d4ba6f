/** An example that an authoring prompt shows: liked items with a sentence each, and the request that they answer. */
export interface Demonstration {
  readonly items: readonly { readonly title: string; readonly sentence: string }[];
  readonly request: string;
  /** External id of the user behind it, where it is one of the data: that user is kept out of training. */
  readonly user?: string | undefined;
}

/** Demonstrations by domain, written for this package about nobody in any data. */
export const DEMONSTRATIONS: Readonly<Record<'films' | 'books' | 'places', readonly Demonstration[]>> = {
  films: [
    {
      items: [
        {
          title: 'Le Trou (1960)',
          sentence: 'Five cellmates dig their way out, and every blow of the hammer is heard.',
        },
        { title: 'Thief (1981)', sentence: 'A safecracker wants one last score and an ordinary life.' },
        {
          title: 'The Asphalt Jungle (1950)',
          sentence: 'A careful plan comes apart through the weakness of each man in it.',
        },
        {
          title: 'Le Samouraï (1967)',
          sentence: 'A silent professional lives by rules that nobody else keeps.',
        },
      ],
      request:
        'I want to watch people who are good at their job, and the job is a crime. Not the wisecracking kind: I mean the tools, the waiting, the nerves, hardly any talk. It can end badly, it probably should. Older is fine, black and white is fine. What else is there once you have seen the famous ones?',
    },
    {
      items: [
        {
          title: 'Totoro (1988)',
          sentence: 'Two sisters meet a gentle spirit in the woods behind their new house.',
        },
        {
          title: 'The Secret of Roan Inish (1994)',
          sentence: 'A girl looks for her lost brother among the seals of an island.',
        },
        { title: 'Babe (1995)', sentence: 'A polite pig finds that he can herd sheep.' },
      ],
      request:
        'My niece is six and scared of villains, so most things for children are out. She likes animals, the seaside, and stories where grown-ups are kind and something slightly magical happens without anybody explaining it. Bonus points if I will not be bored myself.',
    },
    {
      items: [
        {
          title: 'Ikiru (1952)',
          sentence: 'A clerk who learns that he is dying tries to get one thing done.',
        },
        {
          title: 'Wild Strawberries (1957)',
          sentence: 'An old professor drives through his memories on the way to an honour.',
        },
        {
          title: 'About Schmidt (2002)',
          sentence: 'A retired man sets out in a camper van and finds out how little he knows.',
        },
        {
          title: 'The Straight Story (1999)',
          sentence: 'A man crosses two states on a lawnmower to see his brother.',
        },
      ],
      request:
        'Dad retired last month and walks around the house like a ghost. We watch a film together on Sundays. Something slow about an older person looking back at a life, sad if it must be but with some warmth in it. No illness played for tears, please.',
    },
  ],
  books: [
    {
      items: [
        {
          title: 'Piranesi, Susanna Clarke',
          sentence: 'A man keeps a diary in a house of endless halls and tides.',
        },
        {
          title: 'The Invention of Morel, Adolfo Bioy Casares',
          sentence: 'A fugitive on an island sees people who never see him.',
        },
        {
          title: 'House of Leaves, Mark Z. Danielewski',
          sentence: 'A family measures its home and finds it larger inside than outside.',
        },
      ],
      request:
        'Looking for a novel where the place itself is the mystery and the narrator only slowly understands what he is walking around in. I like it strange and precise rather than gory, and I do not need everything explained by the last page.',
    },
    {
      items: [
        {
          title: 'Master and Commander, Patrick O’Brian',
          sentence: 'A captain and a surgeon become friends on a small ship at war.',
        },
        {
          title: 'The Long Ships, Frans G. Bengtsson',
          sentence: 'A Viking is carried off, rows in galleys, and laughs at most of it.',
        },
        {
          title: 'True Grit, Charles Portis',
          sentence: 'A girl of fourteen hires a marshal and will not be left behind.',
        },
        {
          title: 'Lonesome Dove, Larry McMurtry',
          sentence: 'Two old rangers drive cattle north for reasons that they hardly know.',
        },
      ],
      request:
        'Something long for the train, an adventure told by somebody with a dry sense of humour. I want weather, food, bad decisions and people who have known each other for years. History is welcome, dragons are not.',
    },
    {
      items: [
        {
          title: 'Convenience Store Woman, Sayaka Murata',
          sentence: 'She is happy at the till and nobody can bear it.',
        },
        {
          title: 'Stoner, John Williams',
          sentence: 'A farm boy becomes a teacher and lives a small, stubborn life.',
        },
        {
          title: 'Olive Kitteridge, Elizabeth Strout',
          sentence: 'A difficult woman is seen by everybody in her town.',
        },
      ],
      request:
        'Can anybody suggest a short, quiet book about an ordinary person whom other people do not understand? No twist, no murder, just somebody at work and at home. I read before sleeping, so nothing over three hundred pages.',
    },
  ],
  places: [
    {
      items: [
        {
          title: 'Café at the Old Tram Depot',
          sentence: 'Long tables, one kind of cake a day, nobody hurries you.',
        },
        { title: 'Reading Room, Botanical Garden', sentence: 'Cool in summer, palms outside every window.' },
        { title: 'Printmakers’ Yard', sentence: 'You watch the presses through the open doors.' },
      ],
      request:
        'I have two days alone in town after a conference and no wish to see another cathedral. Where do people sit with a book for an afternoon, see somebody make something by hand, and eat cake? Quiet over famous.',
    },
    {
      items: [
        { title: 'Harbour Fish Kitchen', sentence: 'Paper tablecloths, whatever the boats brought in.' },
        { title: 'Grandmother Inês', sentence: 'Three dishes on the board and they run out by two.' },
        { title: 'Saturday Market Hall', sentence: 'Oysters standing up beside the coffee stall.' },
        { title: 'The Railway Canteen', sentence: 'Cheap lunch among people who work nearby.' },
      ],
      request:
        'Four of us, hungry, not rich. We would like to eat where people from the neighbourhood eat, seafood if possible, no view that we pay for and no menu with photographs. Loud is fine.',
    },
    {
      items: [
        {
          title: 'Cliff Path to the Lighthouse',
          sentence: 'Two hours on foot with one bench in the right place.',
        },
        { title: 'Tide Pools at Low Beach', sentence: 'Children lie on their stomachs and count crabs.' },
        { title: 'Miniature Steam Railway', sentence: 'Volunteers let you stoke the engine.' },
      ],
      request:
        'We arrive with a seven-year-old who does not do museums and a grandmother who does not do stairs. Something outdoors by the sea, free or nearly so, where he can touch things and she can sit. We have a car.',
    },
  ],
};

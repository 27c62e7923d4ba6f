// A retriever of LangChain over a catalogue: what somebody asks for in words, or what suits a customer.
import { fileURLToPath } from 'node:url';
import { Document } from '@langchain/core/documents';
import { ChatPromptTemplate } from '@langchain/core/prompts';
import { BaseRetriever, type BaseRetrieverInput } from '@langchain/core/retrievers';
import { importDataset } from '@palate/datasets';
import { Engine, type RecommendRequest } from '@palate/engine';

/** Items as documents: title and texts to read, id, score, reason and the facts of the catalogue as metadata. */
export class ItemRetriever extends BaseRetriever {
  lc_namespace = ['palate', 'retrievers'];
  readonly #engine: Engine;
  readonly #request: RecommendRequest;

  /** @param request - who asks, how many, and limits; the words come with each call */
  constructor(engine: Engine, request: RecommendRequest = {}, input?: BaseRetrieverInput) {
    super(input);
    this.#engine = engine;
    this.#request = request;
  }

  override async _getRelevantDocuments(words: string): Promise<Document[]> {
    const { items } = await this.#engine.recommend({ k: 4, explain: true, ...this.#request, text: words });
    return items.map(({ id, title, score, reason, attributes }) => {
      const texts = Object.values(this.#engine.item(id)?.text ?? {}).filter((text) => text !== title);
      return new Document({
        id,
        pageContent: [title, ...texts].join('\n'),
        metadata: { id, title, score, reason, ...attributes },
      });
    });
  }
}

const file = (name: string) => fileURLToPath(new URL(`../shop/${name}`, import.meta.url));
const { dataset } = await importDataset({ interactions: file('orders.csv'), items: file('products.jsonl') });
await using engine = await Engine.open({ dataset });

const [words = 'something to make coffee while camping', user] = process.argv.slice(2);
const retriever = new ItemRetriever(engine, { user });
const prompt = ChatPromptTemplate.fromMessages([
  ['system', 'Answer from these products alone:\n\n{products}'],
  ['human', '{words}'],
]);
// Pipe the prompt on into any chat model of LangChain.
const chain = retriever
  .pipe((found: Document[]) => ({ words, products: found.map((each) => each.pageContent).join('\n\n') }))
  .pipe(prompt);
for (const { content } of (await chain.invoke(words)).messages) console.log(content);

// Hides the optional packages from this process, then loads everything and uses what needs them.
import { register } from 'node:module';

const hide = `export async function resolve(specifier, context, next) {
  if (specifier === '@huggingface/transformers' || specifier === '@opentelemetry/api' || specifier === 'node-llama-cpp')
    throw Object.assign(new Error('Cannot find package ' + specifier), { code: 'ERR_MODULE_NOT_FOUND' });
  return next(specifier, context);
}`;
register(`data:text/javascript,${encodeURIComponent(hide)}`);
const { llamaCppModel, transformersModel, withTracing } = await import('../../src/index.js');
const tell = (error) => console.log(error.code, error.dependency, error.message.includes('npm install'));
await transformersModel({ model: 'some/model' }).catch(tell);
await llamaCppModel({ model: 'model.gguf' }).catch(tell);
const plain = { id: 'plain:model', generate: async () => [] };
const [outcome] = await withTracing(plain).generate([{ messages: [{ role: 'user', content: 'hi' }] }]);
tell(outcome.error);

import '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops';
import '@tensorflow/tfjs-core/dist/register_all_gradients';
import '@tensorflow/tfjs-backend-cpu';
import { setTestEnvs } from '@tensorflow/tfjs-core/dist/jasmine_util.js';
import { registerOrtBackend } from '../../src/index.js';

// tfjs-core's tests are defined once for each environment, when they are imported: this module comes first.
const backendName = process.env.PALATE_SUITE_BACKEND ?? 'ort';
// It also replaces a few of tfjs-core's gradients, which other backends are to be judged by.
if (backendName === 'ort') registerOrtBackend({ threads: 1 });
setTestEnvs([{ name: `test-${backendName}`, backendName, flags: {}, isDataSync: true }]);

import './use-wasm.js';
import '../kernels.test.js';

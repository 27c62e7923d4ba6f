import './use-wasm.js';
import '../gradients.test.js';

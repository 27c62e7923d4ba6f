import './use-wasm.js';
import '../failure.test.js';

import './use-wasm.js';
import '../engine.test.js';

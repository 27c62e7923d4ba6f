import './use-wasm.js';
import '../compile.test.js';

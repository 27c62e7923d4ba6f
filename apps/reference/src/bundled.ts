/** The bundled data set's name on the command line. */
export const BUNDLED = 'bundled';

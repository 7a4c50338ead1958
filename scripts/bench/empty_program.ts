// A program that does nothing, to be compiled: what there is to gain.
export {};

/** Of kernel calls, which take microseconds, and of what consists of a few of them. */
export const kernelBuckets = [0.000_01, 0.000_05, 0.000_1, 0.000_5, 0.001, 0.005, 0.01, 0.05, 0.1, 1]

/** Of what includes the apiserver or many kernel calls. */
export const slowBuckets = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300]

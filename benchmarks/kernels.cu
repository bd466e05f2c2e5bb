// Counting in one pass over both labelings; a candidate until a device has shown what it wins.
// Codes (n,) of rows and columns below R and C are counted into a table (R, C); samples with a code outside are left out.

__device__ inline bool is_cell(long long row, long long col, long long n_rows, long long n_cols) {
    return row >= 0 && row < n_rows && col >= 0 && col < n_cols;
}

// Each block counts into a table of its own, in shared memory, and adds that to `counts`.
template <typename T>
__global__ void count_in_shared_memory(
    const T* rows, const T* cols, long long n, long long n_rows, long long n_cols, unsigned int* counts) {
    extern __shared__ unsigned int found[];
    const int n_cells = n_rows * n_cols;
    for (int i = threadIdx.x; i < n_cells; i += blockDim.x) found[i] = 0;
    __syncthreads();
    const long long step = (long long)gridDim.x * blockDim.x;
    for (long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x; i < n; i += step) {
        const long long row = rows[i], col = cols[i];
        if (is_cell(row, col, n_rows, n_cols)) atomicAdd(found + (row * n_cols + col), 1u);
    }
    __syncthreads();
    for (int i = threadIdx.x; i < n_cells; i += blockDim.x)
        if (found[i]) atomicAdd(counts + i, found[i]);
}

// All threads add ones to `counts`.
template <typename T>
__global__ void count_in_device_memory(
    const T* rows, const T* cols, long long n, long long n_rows, long long n_cols, unsigned int* counts) {
    const long long step = (long long)gridDim.x * blockDim.x;
    for (long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x; i < n; i += step) {
        const long long row = rows[i], col = cols[i];
        if (is_cell(row, col, n_rows, n_cols)) atomicAdd(counts + (row * n_cols + col), 1u);
    }
}

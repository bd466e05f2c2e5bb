// A stand-in for the CUDA runtime and driver that CuPy's own wrappers call: device memory is host memory, kernels are
// host functions in shared objects (made from the same CUDA C by g++). Everything runs at once, in the order of calls.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cuda_runtime_api.h>

#define OK cudaSuccess
#define BAD_STATE 900     // cudaErrorStreamCaptureUnsupported
#define BAD_CAPTURE 901   // cudaErrorStreamCaptureInvalidated
#define BAD_IMPLICIT 906  // cudaErrorStreamCaptureImplicit
#define BAD_EVENT 907     // cudaErrorCapturedEvent

// ---- counters: read from Python; keep the order of cupy_without_gpu.Counters ----
struct { long launches, mallocs, h2d, d2h, d2d, memsets, stream_syncs, device_syncs, event_syncs, event_records,
         event_queries, bytes_h2d, bytes_d2h; } emu;
int emu_trace = 0;
#define TRACE(...) do { if (emu_trace) { fprintf(stderr, "[emu] " __VA_ARGS__); fputc('\n', stderr); } } while (0)

// ---- memory: which addresses are the device's (2), pinned (1) or the host's own (0) ----
#define MOST (1 << 20)
static struct { uintptr_t start; size_t size; int pinned; } allocs[MOST];
static int n_allocs = 0;
static void enter(void* p, size_t n, int pinned) {
  if (n_allocs < MOST) { allocs[n_allocs].start = (uintptr_t)p; allocs[n_allocs].size = n; allocs[n_allocs++].pinned = pinned; }
}
static void leave(void* p) {
  for (int i = n_allocs - 1; i >= 0; i--) if (allocs[i].start == (uintptr_t)p) { allocs[i] = allocs[--n_allocs]; return; }
}
static int kind_of(const void* p) {
  for (int i = n_allocs - 1; i >= 0; i--) {
    size_t n = allocs[i].size ? allocs[i].size : 1;
    if ((uintptr_t)p >= allocs[i].start && (uintptr_t)p < allocs[i].start + n) return allocs[i].pinned ? 1 : 2;
  }
  return 0;
}

// ---- streams, graphs, events ----
enum { LAUNCH, COPY, SET, CALL };
typedef struct Node {
  int kind, value; void* f; unsigned grid[3], block[3], shared; void** params; void* dst; const void* src; size_t n;
  struct Node* next;
} Node;
typedef struct { Node *first, *last; int nodes, h2d_nodes; } Graph;
typedef struct { int capturing, invalid; Graph* graph; } Stream;
typedef struct { int captured; } Event;
static Stream legacy;
static int capturing = 0, capture_mode = 0;
static Stream* stream(void* s) { return (uintptr_t)s <= 2 ? &legacy : (Stream*)s; }
static Node* push(Graph* g, int kind) {
  Node* x = calloc(1, sizeof *x);
  x->kind = kind;
  if (g->last) g->last->next = x; else g->first = x;
  g->last = x; g->nodes++;
  return x;
}
static void launch_now(void* f, unsigned* grid, unsigned* block, unsigned shared, void** params);

// ---- runtime: device ----
const char* cudaGetErrorName(cudaError_t e) { static char s[64]; snprintf(s, 64, "cudaError%d", e); return s; }
const char* cudaGetErrorString(cudaError_t e) {
  return e == BAD_STATE ? "operation not permitted when stream is capturing"
       : e == BAD_CAPTURE ? "operation failed due to a previous error during capture"
       : e == BAD_EVENT ? "operation not permitted on an event last recorded in a capturing stream"
       : e == BAD_IMPLICIT ? "operation would make the legacy stream depend on a capturing blocking stream" : "error";
}
cudaError_t cudaGetLastError(void) { return OK; }
cudaError_t cudaDriverGetVersion(int* v) { *v = 13000; return OK; }
cudaError_t cudaRuntimeGetVersion(int* v) { *v = 13000; return OK; }
cudaError_t cudaGetDevice(int* d) { *d = 0; return OK; }
cudaError_t cudaSetDevice(int d) { return OK; }
cudaError_t cudaGetDeviceCount(int* n) { *n = 1; return OK; }
cudaError_t cudaDeviceGetAttribute(int* v, enum cudaDeviceAttr a, int d) {
  switch (a) {
    case cudaDevAttrComputeCapabilityMajor: *v = 9; break;
    case cudaDevAttrMaxThreadsPerBlock: case cudaDevAttrMaxBlockDimX: *v = 1024; break;
    case cudaDevAttrMaxGridDimX: *v = 2147483647; break;
    case cudaDevAttrMultiProcessorCount: *v = 132; break;
    case cudaDevAttrWarpSize: *v = 32; break;
    case cudaDevAttrMaxSharedMemoryPerBlock: *v = 49152; break;
    case cudaDevAttrMaxSharedMemoryPerBlockOptin: *v = 232448; break;
    case cudaDevAttrMaxSharedMemoryPerMultiprocessor: *v = 233472; break;
    default: *v = 0;
  }
  return OK;
}
cudaError_t cudaGetDeviceProperties(struct cudaDeviceProp* p, int d) {
  memset(p, 0, sizeof *p); strcpy(p->name, "emulated"); p->major = 9; p->multiProcessorCount = 132; p->warpSize = 32;
  p->totalGlobalMem = 8ull << 30; p->maxThreadsPerBlock = 1024; p->sharedMemPerBlock = 49152;
  return OK;
}
cudaError_t cudaDeviceGetPCIBusId(char* s, int n, int d) { snprintf(s, n, "0000:00:00.0"); return OK; }
cudaError_t cudaDeviceGetByPCIBusId(int* d, const char* s) { *d = 0; return OK; }
cudaError_t cudaDeviceGetLimit(size_t* v, enum cudaLimit l) { *v = 0; return OK; }
cudaError_t cudaDeviceSetLimit(enum cudaLimit l, size_t v) { return OK; }
cudaError_t cudaDeviceCanAccessPeer(int* c, int a, int b) { *c = 0; return OK; }
cudaError_t cudaDeviceSynchronize(void) {
  emu.device_syncs++;
  if (capturing) { TRACE("device sync while capturing"); return BAD_STATE; }
  return OK;
}

// ---- runtime: memory; new memory is filled with 0xA5, so that reading what was never written shows ----
cudaError_t cudaMemGetInfo(size_t* f, size_t* t) { *t = 8ull << 30; *f = 4ull << 30; return OK; }
cudaError_t cudaMalloc(void** p, size_t n) {
  emu.mallocs++;
  if (capturing && capture_mode != cudaStreamCaptureModeRelaxed) { TRACE("malloc while capturing"); return BAD_STATE; }
  if (posix_memalign(p, 512, n ? n : 1)) return cudaErrorMemoryAllocation;
  memset(*p, 0xA5, n); enter(*p, n, 0);
  return OK;
}
cudaError_t cudaFree(void* p) {
  if (capturing && capture_mode != cudaStreamCaptureModeRelaxed) { TRACE("free while capturing"); return BAD_STATE; }
  leave(p); free(p);
  return OK;
}
cudaError_t cudaMallocAsync(void** p, size_t n, cudaStream_t s) { return cudaMalloc(p, n); }
cudaError_t cudaFreeAsync(void* p, cudaStream_t s) { return cudaFree(p); }
cudaError_t cudaMallocManaged(void** p, size_t n, unsigned f) { return cudaMalloc(p, n); }
cudaError_t cudaMallocFromPoolAsync(void** p, size_t n, cudaMemPool_t m, cudaStream_t s) { return cudaMalloc(p, n); }
cudaError_t cudaHostAlloc(void** p, size_t n, unsigned f) {
  if (posix_memalign(p, 4096, n ? n : 1)) return cudaErrorMemoryAllocation;
  enter(*p, n, 1);
  return OK;
}
cudaError_t cudaFreeHost(void* p) { leave(p); free(p); return OK; }
cudaError_t cudaHostRegister(void* p, size_t n, unsigned f) { enter(p, n, 1); return OK; }
cudaError_t cudaHostUnregister(void* p) { leave(p); return OK; }
cudaError_t cudaPointerGetAttributes(struct cudaPointerAttributes* a, const void* p) {
  int k = kind_of(p);
  memset(a, 0, sizeof *a);
  a->type = k == 0 ? cudaMemoryTypeUnregistered : k == 1 ? cudaMemoryTypeHost : cudaMemoryTypeDevice;
  a->devicePointer = (void*)p; a->hostPointer = k == 1 ? (void*)p : 0;
  return OK;
}
static cudaError_t copy(void* d, const void* s, size_t n, int kind, Stream* st, int async) {
  int from = kind_of(s), to = kind_of(d);
  if (kind == cudaMemcpyDefault)
    kind = from == 2 ? (to == 2 ? cudaMemcpyDeviceToDevice : cudaMemcpyDeviceToHost)
                     : (to == 2 ? cudaMemcpyHostToDevice : cudaMemcpyHostToHost);
  int up = kind == cudaMemcpyHostToDevice, down = kind == cudaMemcpyDeviceToHost;
  if (up && to != 2) { fprintf(stderr, "[emu] host-to-device copy to %p, not the device's\n", d); return 1; }
  if (down && from != 2) { fprintf(stderr, "[emu] device-to-host copy from %p, not the device's\n", s); return 1; }
  if (up) { emu.h2d++; emu.bytes_h2d += n; } else if (down) { emu.d2h++; emu.bytes_d2h += n; } else emu.d2d++;
  int pinned = (up ? from : to) == 1;
  TRACE("copy kind %d bytes %zu async %d pinned %d", kind, n, async, pinned);
  if (capturing && (!async || (kind != cudaMemcpyDeviceToDevice && !pinned && st->capturing))) {
    TRACE("synchronous or pageable copy while capturing"); return BAD_STATE;
  }
  if (st->capturing) {
    Node* x = push(st->graph, COPY);
    x->dst = d; x->src = s; x->n = n; st->graph->h2d_nodes += up;
    return OK;
  }
  memmove(d, s, n);
  return OK;
}
cudaError_t cudaMemcpy(void* d, const void* s, size_t n, enum cudaMemcpyKind k) { return copy(d, s, n, k, &legacy, 0); }
cudaError_t cudaMemcpyAsync(void* d, const void* s, size_t n, enum cudaMemcpyKind k, cudaStream_t st) { return copy(d, s, n, k, stream(st), 1); }
cudaError_t cudaMemcpyPeer(void* d, int a, const void* s, int b, size_t n) { memmove(d, s, n); return OK; }
cudaError_t cudaMemcpyPeerAsync(void* d, int a, const void* s, int b, size_t n, cudaStream_t st) { memmove(d, s, n); return OK; }
cudaError_t cudaMemset(void* p, int v, size_t n) { emu.memsets++; if (capturing) return BAD_STATE; memset(p, v, n); return OK; }
cudaError_t cudaMemsetAsync(void* p, int v, size_t n, cudaStream_t s) {
  emu.memsets++;
  if (stream(s)->capturing) { Node* x = push(stream(s)->graph, SET); x->dst = p; x->value = v; x->n = n; return OK; }
  memset(p, v, n);
  return OK;
}

// ---- runtime: streams, captures, events ----
cudaError_t cudaStreamCreate(cudaStream_t* s) { *s = calloc(1, sizeof(Stream)); return OK; }
cudaError_t cudaStreamCreateWithFlags(cudaStream_t* s, unsigned f) { return cudaStreamCreate(s); }
cudaError_t cudaStreamCreateWithPriority(cudaStream_t* s, unsigned f, int p) { return cudaStreamCreate(s); }
cudaError_t cudaStreamDestroy(cudaStream_t s) { free(s); return OK; }
cudaError_t cudaStreamSynchronize(cudaStream_t s) {
  emu.stream_syncs++;
  if (stream(s)->capturing) { TRACE("stream sync while capturing"); stream(s)->invalid = 1; return BAD_STATE; }
  return OK;
}
cudaError_t cudaStreamQuery(cudaStream_t s) {
  if (stream(s)->capturing) { stream(s)->invalid = 1; return BAD_STATE; }
  return OK;
}
cudaError_t cudaStreamGetFlags(cudaStream_t s, unsigned* f) { *f = 0; return OK; }
cudaError_t cudaStreamGetPriority(cudaStream_t s, int* p) { *p = 0; return OK; }
cudaError_t cudaStreamWaitEvent(cudaStream_t s, cudaEvent_t e, unsigned f) { return OK; }
cudaError_t cudaStreamAddCallback(cudaStream_t s, cudaStreamCallback_t c, void* u, unsigned f) { c(s, OK, u); return OK; }
cudaError_t cudaLaunchHostFunc(cudaStream_t s, cudaHostFn_t f, void* u) {
  if (!stream(s)->capturing) { f(u); return OK; }
  Node* x = push(stream(s)->graph, CALL);
  x->f = f; x->dst = u;
  return OK;
}
cudaError_t cudaStreamBeginCapture(cudaStream_t s, enum cudaStreamCaptureMode m) {
  Stream* st = stream(s);
  if (st == &legacy) return BAD_STATE;
  st->capturing = 1; st->graph = calloc(1, sizeof(Graph)); capturing++; capture_mode = m;
  return OK;
}
cudaError_t cudaStreamEndCapture(cudaStream_t s, cudaGraph_t* g) {
  Stream* st = stream(s);
  int invalid = st->invalid;
  TRACE("captured: %d nodes, %d host-to-device copies, invalid %d", st->graph->nodes, st->graph->h2d_nodes, invalid);
  *g = invalid ? 0 : (cudaGraph_t)st->graph; st->capturing = st->invalid = 0; capturing--;
  return invalid ? BAD_CAPTURE : OK;
}
cudaError_t cudaStreamIsCapturing(cudaStream_t s, enum cudaStreamCaptureStatus* c) { *c = stream(s)->capturing ? 1 : 0; return OK; }
cudaError_t cudaGraphInstantiate(cudaGraphExec_t* e, cudaGraph_t g, unsigned long long f) { *e = (cudaGraphExec_t)g; return OK; }
cudaError_t cudaGraphUpload(cudaGraphExec_t e, cudaStream_t s) { return OK; }
cudaError_t cudaGraphDestroy(cudaGraph_t g) { return OK; }
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t g) { return OK; }
cudaError_t cudaGraphDebugDotPrint(cudaGraph_t g, const char* p, unsigned f) { return OK; }
cudaError_t cudaGraphLaunch(cudaGraphExec_t e, cudaStream_t s) {
  Graph* g = (Graph*)e;
  if (!g) return cudaErrorInvalidResourceHandle;
  for (Node* x = g->first; x; x = x->next) {
    if (x->kind == LAUNCH) launch_now(x->f, x->grid, x->block, x->shared, x->params);
    else if (x->kind == COPY) memmove(x->dst, x->src, x->n);
    else if (x->kind == CALL) ((cudaHostFn_t)x->f)(x->dst);
    else memset(x->dst, x->value, x->n);
  }
  return OK;
}
cudaError_t cudaEventCreate(cudaEvent_t* e) { *e = calloc(1, sizeof(Event)); return OK; }
cudaError_t cudaEventCreateWithFlags(cudaEvent_t* e, unsigned f) { return cudaEventCreate(e); }
cudaError_t cudaEventDestroy(cudaEvent_t e) { free(e); return OK; }
cudaError_t cudaEventRecord(cudaEvent_t e, cudaStream_t s) { emu.event_records++; ((Event*)e)->captured = stream(s)->capturing; return OK; }
cudaError_t cudaEventQuery(cudaEvent_t e) { emu.event_queries++; return ((Event*)e)->captured ? BAD_EVENT : OK; }
cudaError_t cudaEventSynchronize(cudaEvent_t e) { emu.event_syncs++; return ((Event*)e)->captured ? BAD_EVENT : OK; }
cudaError_t cudaEventElapsedTime(float* t, cudaEvent_t a, cudaEvent_t b) { *t = 1; return OK; }

// ---- driver: a module's image is "EMU:" and the path of a shared object ----
typedef struct { void* dl; } Module;
typedef struct { void (*call)(void**, unsigned*, unsigned*, unsigned); int (*sizes)(size_t*); char name[300]; } Func;
static int context = 1;
int cuInit(unsigned f) { return 0; }
int cuGetExportTable(const void** table, const void* id) { *table = 0; return 500; }  // NVRTC asks, and does without
int cuDriverGetVersion(int* v) { *v = 13000; return 0; }
int cuGetErrorName(int e, const char** s) { static char b[64]; snprintf(b, 64, "CUDA_ERROR_%d", e); *s = b; return 0; }
int cuGetErrorString(int e, const char** s) { *s = "error of the stand-in"; return 0; }
int cuDevicePrimaryCtxRelease_v2(int d) { return 0; }
int cuCtxGetCurrent(void** c) { *c = &context; return 0; }
int cuCtxSetCurrent(void* c) { return 0; }
int cuCtxGetDevice(int* d) { *d = 0; return 0; }
int cuCtxCreate_v2(void** c, unsigned f, int d) { *c = &context; return 0; }
int cuCtxDestroy_v2(void* c) { return 0; }
int cuStreamGetCtx(void* s, void** c) { *c = &context; return 0; }
int cuModuleLoadData(void** m, void* image) {
  if (strncmp(image, "EMU:", 4)) return 200;
  Module* x = calloc(1, sizeof *x);
  x->dl = dlopen((char*)image + 4, RTLD_NOW | RTLD_LOCAL);
  if (!x->dl) { fprintf(stderr, "[emu] %s\n", dlerror()); return 200; }
  *m = x;
  return 0;
}
int cuModuleLoad(void** m, char* f) { return 200; }
int cuModuleUnload(void* m) { return 0; }
int cuModuleGetFunction(void** f, void* m, char* name) {
  Func* x = calloc(1, sizeof *x);
  char symbol[400];
  snprintf(symbol, 400, "emu_call_%s", name); x->call = dlsym(((Module*)m)->dl, symbol);
  snprintf(symbol, 400, "emu_sizes_%s", name); x->sizes = dlsym(((Module*)m)->dl, symbol);
  if (!x->call || !x->sizes) return 500;
  snprintf(x->name, 300, "%s", name); *f = x;
  return 0;
}
int cuModuleGetGlobal_v2(void** d, size_t* b, void* m, char* name) { return 500; }
static void launch_now(void* f, unsigned* grid, unsigned* block, unsigned shared, void** params) { ((Func*)f)->call(params, grid, block, shared); }
int cuLaunchKernel(void* f, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz, unsigned shared,
                   void* s, void** params, void** extra) {
  Func* x = f;
  Stream* st = stream(s);
  unsigned grid[3] = {gx, gy, gz}, block[3] = {bx, by, bz};
  emu.launches++; TRACE("launch %s grid %u block %u shared %u", x->name, gx, bx, shared);
  if (gx == 0 || bx == 0 || bx * by * bz > 1024 || shared > 232448) return 1;
  if (st == &legacy && capturing && capture_mode == cudaStreamCaptureModeGlobal) return BAD_IMPLICIT;
  if (!st->capturing) { launch_now(f, grid, block, shared, params); return 0; }
  size_t size[256];
  int n = x->sizes(size);
  Node* y = push(st->graph, LAUNCH);
  y->f = f; memcpy(y->grid, grid, sizeof grid); memcpy(y->block, block, sizeof block); y->shared = shared;
  y->params = malloc(n * sizeof(void*) + 8);
  for (int i = 0; i < n; i++) { y->params[i] = malloc(size[i] ? size[i] : 1); memcpy(y->params[i], params[i], size[i]); }
  return 0;
}
int cuLaunchCooperativeKernel(void* f, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz,
                              unsigned shared, void* s, void** params) {
  return cuLaunchKernel(f, gx, gy, gz, bx, by, bz, shared, s, params, 0);
}
int cuFuncGetAttribute(int* v, int a, void* f) { *v = a == 0 ? 1024 : 0; return 0; }
int cuFuncSetAttribute(void* f, int a, int v) { return 0; }
int cuOccupancyMaxActiveBlocksPerMultiprocessor(int* n, void* f, int b, size_t s) { *n = 2; return 0; }
int cuOccupancyMaxPotentialBlockSize(int* g, int* b, void* f, void* c, size_t s, int l) { *g = 264; *b = 256; return 0; }

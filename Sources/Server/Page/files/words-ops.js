// The texts of settlement and operations, in English and Chinese.

export default {
  'ops.title': ['Operations', '运营'],
};

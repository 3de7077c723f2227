EXTRA_DIST += %D%/README %D%/native.py %D%/windows_model.py %D%/windows_cases.py
meta_tests += %D%/golden.py

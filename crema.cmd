@echo off
rem Runs Crema: finds a JDK, builds on first use and when sources have changed, then starts dev.crema.cli.Main.
rem CREMA_JAVA_OPTS adds options for the JVM. What is not the verb's result goes to standard error.
setlocal enableextensions
set "ROOT=%~dp0"
set "ROOT=%ROOT:~0,-1%"
set "JAR=%ROOT%\cli\target\quick\crema.jar"
set "STATE=%ROOT%\target\launcher"
set "STAMP=%STATE%\built"

set "JDK="
if defined JAVA_HOME call :try "%JAVA_HOME%"
if not defined JDK for %%J in (javac.exe) do if not "%%~$PATH:J"=="" call :trybin "%%~dp$PATH:J"
for %%V in (Java "Eclipse Adoptium" Microsoft Zulu "Amazon Corretto" BellSoft Semeru) do (
  for /d %%D in ("%ProgramFiles%\%%~V\*") do if not defined JDK call :try "%%~fD"
)
for /d %%D in ("%USERPROFILE%\.jdks\*" "%USERPROFILE%\scoop\apps\*jdk*") do if not defined JDK call :try "%%~fD"
if not defined JDK (
  echo crema: no JDK 25 or newer found; install one ^(such as Temurin 25^), or point JAVA_HOME at it 1>&2
  exit /b 1
)
set "CACHE=%STATE%\crema-%JDKVERSION%.aot"

set OPTIONS=--enable-native-access=ALL-UNNAMED --add-modules=jdk.incubator.vector ^
 -Dorg.bytedeco.javacpp.nopointergc=true -Dorg.bytedeco.javacpp.maxBytes=0 -Dorg.bytedeco.javacpp.maxPhysicalBytes=0 ^
 -Dstdin.encoding=UTF-8 -Dstdout.encoding=UTF-8 -Dstderr.encoding=UTF-8 "-Dcrema.home=%ROOT%"
set "GC=-XX:+UseSerialGC"
if defined CREMA_JAVA_OPTS if not "%CREMA_JAVA_OPTS:-XX:+Use=%"=="%CREMA_JAVA_OPTS%" set "GC="

if not exist "%ROOT%\pom.xml" goto :run
call :changed
if not errorlevel 1 goto :run
if not exist "%STATE%" mkdir "%STATE%"
rem A file that one process has open for writing cannot be opened by another: the second first use waits for the first.
:wait
2>nul (9>"%STATE%\lock" call :build) && goto :run
if exist "%STATE%\failed" (
  del "%STATE%\failed"
  echo crema: the build failed; mvnw -Dquick package shows all of it 1>&2
  exit /b 1
)
timeout /t 1 /nobreak >nul 2>&1 || ping -n 2 127.0.0.1 >nul
goto :wait

:run
set "AOT="
if exist "%CACHE%" set AOT="-XX:AOTCache=%CACHE%"
"%JDK%\bin\java.exe" %OPTIONS% %GC% %AOT% -Xlog:disable -Xlog:all=error:stderr %CREMA_JAVA_OPTS% -cp "%JAR%" dev.crema.cli.Main %*
exit /b %errorlevel%

:trybin
set "BIN=%~1"
if "%BIN:~-1%"=="\" set "BIN=%BIN:~0,-1%"
for %%P in ("%BIN%\..") do call :try "%%~fP"
exit /b 0

rem Sets JDK and JDKVERSION if the folder holds a JDK that is new enough; told by its "release" file.
:try
if not exist "%~1\bin\javac.exe" exit /b 1
if not exist "%~1\release" exit /b 1
for /f "tokens=2 delims==" %%R in ('findstr /b "JAVA_VERSION=" "%~1\release"') do set "FOUND=%%~R"
for /f "tokens=1 delims=.-+" %%M in ("%FOUND%") do set "MAJOR=%%M"
if %MAJOR% lss 25 exit /b 1
set "JDK=%~1"
set "JDKVERSION=%FOUND%"
exit /b 0

rem Errorlevel 1: there is no build, or a source is newer than it.
:changed
if not exist "%JAR%" exit /b 1
if not exist "%STAMP%" exit /b 1
powershell -NoProfile -Command "$t=(Get-Item $env:STAMP).LastWriteTime; if (Get-ChildItem -Recurse -Path ($env:ROOT+'\pom.xml'),($env:ROOT+'\*\pom.xml'),($env:ROOT+'\*\src\main') | Where-Object { $_.LastWriteTime -gt $t } | Select-Object -First 1) { exit 1 }"
exit /b %errorlevel%

:build
call :changed
if not errorlevel 1 exit /b 0
>con echo crema: building; the first time takes a minute or two, with downloads
copy nul "%STATE%\building" >nul
pushd "%ROOT%"
set "JAVA_HOME=%JDK%"
call mvnw.cmd -q -B -Dquick -pl cli -am package >con
if errorlevel 1 (
  popd
  copy nul "%STATE%\failed" >nul
  exit /b 1
)
popd
del "%STATE%\*.aot" 2>nul
"%JDK%\bin\java.exe" %OPTIONS% %GC% "-XX:AOTCacheOutput=%CACHE%" -cp "%JAR%" dev.crema.cli.AotTraining >nul 2>&1
move /y "%STATE%\building" "%STAMP%" >nul
exit /b 0
